variable "environment" {
  type        = string
  description = "What the names of all roles begin with."
}

variable "cluster_oidc_issuer_url" {
  type        = string
  description = "The issuer of the cluster's service account tokens. Its OIDC provider exists in IAM."
}

variable "roles" {
  type = map(object({
    namespace      = string
    description    = string
    serviceaccount = string
    policy = list(object({
      sid       = string
      actions   = list(string)
      effect    = string
      resources = list(string)
    }))
  }))
  description = "The roles by key: who may assume each, and what it may do."
}

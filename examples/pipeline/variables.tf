variable "zone_name" {
  type        = string
  description = "The hosted zone that the registry's name lies in."
}

variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "oidc_issuer_url" {
  type        = string
  description = "The issuer of the cluster's service account tokens."
}

variable "acme_directory_url" {
  type        = string
  description = "The certificate authority's directory."
}

variable "acme_ca_file" {
  type        = string
  default     = null
  description = "What the directory's own TLS certificate comes from; for private authorities."
}

variable "acme_root_file" {
  type        = string
  description = "The root that the authority's certificates chain up to."
}

variable "registry_address" {
  type        = string
  description = "The address that the registry answers on: here the node's."
}

variable "bucket" {
  type = string
}

variable "s3_endpoint" {
  type    = string
  default = null
}

variable "namespaces" {
  type        = list(string)
  description = "Namespaces whose Pods may pull. They exist already."
}

# Secrets: ephemeral, so that Terraform keeps them out of plan and state.

variable "s3_access_key" {
  type    = string
  default = null
}

variable "s3_secret_key" {
  type      = string
  default   = null
  sensitive = true
  ephemeral = true
}

variable "push_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "pull_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "namespace" {
  type        = string
  description = "Where the registry runs."
}

variable "host" {
  type        = string
  description = "The registry's name."
}

variable "tls_secret_name" {
  type        = string
  description = "The Secret with its certificate."
}

variable "ingress_class" {
  type        = string
  description = "The class of the Ingress through which clients come."
}

# Secrets: ephemeral, so that they are in no plan and no state.

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

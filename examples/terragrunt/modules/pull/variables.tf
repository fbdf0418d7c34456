variable "host" {
  type        = string
  description = "The registry's name."
}

variable "namespaces" {
  type        = list(string)
  description = "Namespaces whose Pods may pull. They exist already."
}

variable "pull_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

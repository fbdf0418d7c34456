variable "zone_id" {
  type        = string
  description = "The hosted zone that proves the names."
}

variable "host" {
  type        = string
  description = "The name that the certificate is for."
}

variable "namespace" {
  type        = string
  description = "Where the account's key and the certificate are kept. It is made if it does not exist."
}

variable "contacts" {
  type        = list(string)
  default     = []
  description = "Whom the CA may write to, as `mailto:` URLs."
}

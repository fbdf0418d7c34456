variable "zone_name" {
  type        = string
  description = "The hosted zone that the registry's name lies in."
}

variable "registry_address" {
  type        = string
  description = "The address that the registry answers on."
}

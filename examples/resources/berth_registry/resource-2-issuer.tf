# Behind an Ingress, with a certificate from cert-manager and users from a password file
variable "htpasswd" {
  type        = string
  sensitive   = true
  description = "Lines of `htpasswd -nbB USER PASSWORD`."
}

resource "berth_registry" "issued" {
  name      = "registry"
  namespace = "registry"
  host      = "registry.example.com"
  ingress   = { class = "traefik", issuer = "letsencrypt" }
  storage   = { volume = { size = "100Gi" } }

  # It reaches the state, as hashes.
  htpasswd = var.htpasswd
}

variable "passwords" {
  description = "Passwords by user."
  type        = map(string)
  ephemeral   = true
}

ephemeral "berth_htpasswd" "ingress" {
  users = var.passwords
}

# For a write-only argument, such as `data_wo` of a `kubernetes_secret_v1` that an Ingress names in its annotation `auth-secret`.
locals {
  data = { auth = ephemeral.berth_htpasswd.ingress.content }
}

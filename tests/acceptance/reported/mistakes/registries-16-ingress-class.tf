# An Ingress class that is misspelled, and a Secret that is not there.
# told: plan
# waits: 70 The Secret of its TLS may come in the same apply.

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  host      = "hub.test"
  ingress   = { class = "ngnix" }
  tls       = { secret_name = "hub-tls" }
}

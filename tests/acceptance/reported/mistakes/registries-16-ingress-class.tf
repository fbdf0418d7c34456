# An Ingress class that is misspelled, and a Secret that is not there.
# told: plan

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  host      = "hub.test"
  ingress   = { class = "ngnix" }
  tls       = { secret_name = "hub-tls" }
}

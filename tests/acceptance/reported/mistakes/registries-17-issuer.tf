# An issuer in a cluster without cert-manager.
# told: plan

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  host      = "hub.test"
  ingress   = { issuer = "letsencrypt" }
}

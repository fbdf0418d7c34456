# A port that does not exist.
# told: validate

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  host_port = 70000
}

# A size with the unit of disks.
# told: validate

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { volume = { size = "10GB" } }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
}

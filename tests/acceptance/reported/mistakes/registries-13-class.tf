# A storage class that is not there.
# told: plan
# waits: 30 A class may come, as that of a driver in the same apply.

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { volume = { size = "64Mi", storage_class = "gp3" } }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
}

# remedy
resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { volume = { size = "64Mi", storage_class = "sandbox", delete_on_destroy = true } }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
}

# No storage, and two of them.
# told: validate

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = {}
}

resource "berth_registry" "y" {
  name      = "hub-two"
  namespace = var.namespace
  storage   = { ephemeral = {}, volume = { size = "1Gi" } }
}

# A label that no node has.
# told: plan
# waits: 15 An autoscaler may add a node.

resource "berth_registry" "x" {
  name          = "hub"
  namespace     = var.namespace
  storage       = { ephemeral = {} }
  users         = { ann = { password_wo = var.password, password_wo_version = 1 } }
  node_selector = { disk = "fast" }
  timeouts      = { create = "10s" }
}

# remedy
resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  timeouts  = { create = "10s" }
}

# Two registries at one port of the nodes.
# told: plan
# waits: 20 The other one may go.

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  host_port = 7463
  timeouts  = { create = "10s" }
}

resource "berth_registry" "y" {
  name      = "hub-two"
  namespace = var.namespace
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  host_port = 7463
  timeouts  = { create = "10s" }

  depends_on = [berth_registry.x]
}

# remedy
resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  host_port = 7463
  timeouts  = { create = "10s" }
}

resource "berth_registry" "y" {
  name      = "hub-two"
  namespace = var.namespace
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
  host_port = 7464
  timeouts  = { create = "10s" }

  depends_on = [berth_registry.x]
}

# The namespace is not there.
# told: plan

resource "berth_registry" "x" {
  name      = "hub"
  namespace = "no-such-namespace"
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
}

# remedy
resource "berth_registry" "x" {
  name             = "hub"
  namespace        = "${var.namespace}-new"
  create_namespace = true
  storage          = { ephemeral = {} }
  users            = { ann = { password_wo = var.password, password_wo_version = 1 } }
}

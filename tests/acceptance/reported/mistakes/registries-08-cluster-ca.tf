# The CA of the cluster is not given.
# told: plan

provider "berth" {
  kubernetes = { host = var.cluster, token = "expired" }
}

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
}

# remedy
resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { ephemeral = {} }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
}

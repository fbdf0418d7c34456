# A context that the kubeconfig does not have.
# told: plan

provider "berth" {
  kubernetes = { config_context = "production" }
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

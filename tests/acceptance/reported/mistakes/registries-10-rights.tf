# An account without rights in the cluster.
# told: apply

provider "berth" {
  kubernetes = { host = var.cluster, cluster_ca_certificate = var.cluster_ca, token = var.powerless }
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

# A token that has expired.
# told: plan

provider "berth" {
  kubernetes = { host = var.cluster, cluster_ca_certificate = var.cluster_ca, token = "expired" }
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

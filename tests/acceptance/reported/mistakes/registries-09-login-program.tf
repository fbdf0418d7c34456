# A program for the login that is misspelled.
# told: plan

provider "berth" {
  kubernetes = {
    host                   = var.cluster
    cluster_ca_certificate = var.cluster_ca
    exec                   = { api_version = "client.authentication.k8s.io/v1beta1", command = "awss" }
  }
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

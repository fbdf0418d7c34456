# No kubeconfig at all.
# told: plan

provider "berth" {
  acme       = { directory_url = var.directory, ca_file = var.ca_file }
  kubernetes = { config_path = "/no/such/kubeconfig" }
}

resource "berth_acme_account" "x" {
  terms_of_service_agreed = true
  deactivate_on_destroy   = true

  account_key = {
    generate          = true
    kubernetes_secret = { namespace = var.namespace, name = "account" }
  }
}

# remedy
provider "berth" {
  acme       = { directory_url = var.directory, ca_file = var.ca_file }
  kubernetes = { config_path = var.kubeconfig }
}

resource "berth_acme_account" "x" {
  terms_of_service_agreed = true
  deactivate_on_destroy   = true

  account_key = {
    generate          = true
    kubernetes_secret = { namespace = var.namespace, name = "account" }
  }
}

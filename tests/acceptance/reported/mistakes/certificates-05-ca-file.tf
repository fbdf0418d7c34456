# The file of the CA is not there.
# told: apply

provider "berth" {
  acme = { directory_url = var.directory, ca_file = "/no/such/ca.pem" }
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
  acme = { directory_url = var.directory, ca_file = var.ca_file }
}

resource "berth_acme_account" "x" {
  terms_of_service_agreed = true
  deactivate_on_destroy   = true

  account_key = {
    generate          = true
    kubernetes_secret = { namespace = var.namespace, name = "account" }
  }
}

# The directory's certificate is of a private CA.
# told: apply

provider "berth" {
  acme = { directory_url = var.directory }
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

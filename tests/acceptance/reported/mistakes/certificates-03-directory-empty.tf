# A variable of the pipeline is not set.
# told: plan

provider "berth" {
  acme = { directory_url = "", ca_file = "" }
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

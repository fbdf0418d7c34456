# The terms of service are not agreed to.
# told: apply

resource "berth_acme_account" "x" {
  deactivate_on_destroy = true

  account_key = {
    generate          = true
    kubernetes_secret = { namespace = var.namespace, name = "account" }
  }
}

# remedy
resource "berth_acme_account" "x" {
  terms_of_service_agreed = true
  deactivate_on_destroy   = true

  account_key = {
    generate          = true
    kubernetes_secret = { namespace = var.namespace, name = "account" }
  }
}

# The namespace of the account's key is not there.
# told: apply

resource "berth_acme_account" "x" {
  terms_of_service_agreed = true
  deactivate_on_destroy   = true

  account_key = {
    generate          = true
    kubernetes_secret = { namespace = "no-such-namespace", name = "account" }
  }
}

# remedy
resource "berth_acme_account" "x" {
  terms_of_service_agreed = true
  deactivate_on_destroy   = true

  account_key = {
    generate          = true
    kubernetes_secret = { namespace = "${var.namespace}-new", name = "account", create_namespace = true }
  }
}

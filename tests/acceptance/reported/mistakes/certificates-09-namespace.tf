# The namespace of the Secret is not there.
# told: plan

resource "berth_acme_account" "x" {
  terms_of_service_agreed = true
  deactivate_on_destroy   = true

  account_key = {
    generate          = true
    kubernetes_secret = { namespace = var.namespace, name = "account" }
  }
}

resource "berth_acme_certificate" "x" {
  account_url       = berth_acme_account.x.account_url
  account_key       = { kubernetes_secret = berth_acme_account.x.account_key.kubernetes_secret }
  dns_names         = ["${var.name}.${var.zone}"]
  kubernetes_secret = { namespace = "no-such-namespace", name = "web-tls" }
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

resource "berth_acme_certificate" "x" {
  account_url       = berth_acme_account.x.account_url
  account_key       = { kubernetes_secret = berth_acme_account.x.account_key.kubernetes_secret }
  dns_names         = ["${var.name}.${var.zone}"]
  kubernetes_secret = { namespace = var.namespace, name = "web-tls" }
}

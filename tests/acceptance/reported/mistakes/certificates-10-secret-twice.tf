# Two certificates of one Secret.
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
  kubernetes_secret = { namespace = var.namespace, name = "web-tls" }
}

resource "berth_acme_certificate" "y" {
  account_url       = berth_acme_account.x.account_url
  account_key       = { kubernetes_secret = berth_acme_account.x.account_key.kubernetes_secret }
  dns_names         = ["${var.name}-other.${var.zone}"]
  kubernetes_secret = { namespace = var.namespace, name = "web-tls" }

  depends_on = [berth_acme_certificate.x]
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

resource "berth_acme_certificate" "y" {
  account_url       = berth_acme_account.x.account_url
  account_key       = { kubernetes_secret = berth_acme_account.x.account_key.kubernetes_secret }
  dns_names         = ["${var.name}-other.${var.zone}"]
  kubernetes_secret = { namespace = var.namespace, name = "other-tls" }

  depends_on = [berth_acme_certificate.x]
}

# A certificate by DNS-01. Both keys go straight into Secrets of the cluster and never into state.

resource "berth_acme_account" "this" {
  contacts                = var.contacts
  terms_of_service_agreed = true
  account_key = {
    generate = true
    kubernetes_secret = {
      namespace        = var.namespace
      name             = "acme-account"
      create_namespace = true
    }
  }
}

resource "berth_acme_certificate" "this" {
  account_key       = { kubernetes_secret = berth_acme_account.this.account_key.kubernetes_secret }
  dns_names         = [var.host]
  dns01             = { zone_id = var.zone_id }
  kubernetes_secret = { namespace = var.namespace, name = "registry-tls" }
}

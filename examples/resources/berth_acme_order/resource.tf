resource "berth_acme_account" "main" {
  directory_url           = "https://acme-v02.api.letsencrypt.org/directory"
  terms_of_service_agreed = true
  account_key = {
    generate          = true
    kubernetes_secret = { namespace = "cert", name = "acme-account" }
  }
}

resource "berth_acme_order" "web" {
  directory_url = berth_acme_account.main.directory_url
  account_url   = berth_acme_account.main.account_url
  account_key   = { kubernetes_secret = berth_acme_account.main.account_key.kubernetes_secret }
  dns_names     = ["www.example.com", "*.www.example.com"]
}

# Any provider's records do; here Route53's.
resource "berth_dns_record" "challenge" {
  zone   = "example.com"
  name   = "_acme-challenge.www.example.com"
  type   = "TXT"
  ttl    = 60
  values = berth_acme_order.web.txt_records["_acme-challenge.www.example.com"]
}

resource "berth_acme_certificate" "web" {
  order         = berth_acme_order.web.order_url
  directory_url = berth_acme_order.web.directory_url
  account_url   = berth_acme_order.web.account_url
  account_key   = { kubernetes_secret = berth_acme_account.main.account_key.kubernetes_secret }
  dns_names     = berth_acme_order.web.dns_names

  kubernetes_secret = { namespace = "web", name = "web-tls" }
  depends_on        = [berth_dns_record.challenge]
}

# The smallest one
# The provider's `acme.directory_url` names the CA, and the zone of the longest name that fits is taken.
resource "berth_acme_certificate" "web" {
  account_key       = { kubernetes_secret = { namespace = "cert", name = "acme-account" } }
  dns_names         = ["www.example.com"]
  kubernetes_secret = { namespace = "web", name = "web-tls" }
}

resource "berth_acme_account" "main" {
  directory_url           = "https://acme-v02.api.letsencrypt.org/directory"
  terms_of_service_agreed = true
  account_key = {
    generate          = true
    kubernetes_secret = { namespace = "cert", name = "acme-account" }
  }
}

resource "berth_acme_certificate" "registry" {
  directory_url = berth_acme_account.main.directory_url
  account_url   = berth_acme_account.main.account_url
  account_key   = { kubernetes_secret = berth_acme_account.main.account_key.kubernetes_secret }

  dns_names = ["registry.example.com", "*.registry.example.com"]

  # The TXT records go into the Route53 zones that hold the names, and are removed again.
  dns01 = { wait = "authoritative" }

  # The key goes straight into this Secret.
  kubernetes_secret = { namespace = "registry", name = "registry-tls" }
}

# For Java and for more than one namespace: entries as cert-manager names them, the same in every Secret.
resource "berth_acme_certificate" "broker" {
  directory_url = berth_acme_account.main.directory_url
  account_url   = berth_acme_account.main.account_url
  account_key   = { kubernetes_secret = berth_acme_account.main.account_key.kubernetes_secret }

  dns_names = ["broker.example.com"]

  kubernetes_secret = {
    namespace = "broker"
    name      = "broker-tls"
    formats   = ["combined_pem", "der_key"]
    keystores = {
      pkcs12 = { password_secret_ref = { name = "keystore-password" } }
    }
    copies = [
      { namespace = "clients" },
      { namespace = "monitoring", name = "broker" },
    ]
  }
}

# Without access to DNS: the names point at the ingress controller's load balancer, and while the CA looks, an Ingress leads
# the paths of the challenges to a small Pod.
resource "berth_acme_certificate" "shop" {
  directory_url = berth_acme_account.main.directory_url
  account_url   = berth_acme_account.main.account_url
  account_key   = { kubernetes_secret = berth_acme_account.main.account_key.kubernetes_secret }

  dns_names         = ["shop.example.com", "www.shop.example.com"]
  http01            = { ingress_class = "nginx", namespace = "shop" }
  kubernetes_secret = { namespace = "shop", name = "shop-tls" }
}

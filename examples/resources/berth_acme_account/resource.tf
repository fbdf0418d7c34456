resource "berth_acme_account" "main" {
  directory_url           = "https://acme-v02.api.letsencrypt.org/directory"
  contacts                = ["mailto:ops@example.com"]
  terms_of_service_agreed = true

  # The key is made in the cluster and never reaches the state.
  account_key = {
    generate          = true
    kubernetes_secret = { namespace = "cert", name = "acme-account" }
  }
}

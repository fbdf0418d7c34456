# The manifest as the project publishes it, fetched once and kept beside the configuration (or its address, with the digest of what
# is there as `manifest_sha256`):
#   curl -LO https://github.com/cert-manager/cert-manager/releases/download/v1.18.2/cert-manager.yaml
resource "berth_cert_manager" "this" {
  manifest = "${path.module}/cert-manager-v1.18.2.yaml"
  version  = "1.18.2"
}

# Issuers come after it: it is done when the cluster takes one.
resource "berth_issuer" "letsencrypt" {
  name = "letsencrypt"
  acme = {
    server             = "https://acme-v02.api.letsencrypt.org/directory"
    private_key_secret = "letsencrypt-account"
    solvers            = [{ http01 = { ingress_class = "traefik" } }]
  }
  depends_on = [berth_cert_manager.this]
}

# cert-manager issues it into the Secret, and renews it.
resource "berth_certificate" "registry" {
  name        = "registry"
  namespace   = "registry"
  secret_name = "registry-tls"
  dns_names   = ["registry.example.com"]

  issuer = {
    name = "letsencrypt-prod"
    kind = "ClusterIssuer"
  }

  private_key = {
    algorithm       = "ECDSA"
    size            = 256
    rotation_policy = "Always"
  }
}

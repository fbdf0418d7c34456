# A ClusterIssuer of Let's Encrypt: names are proved through the ingress class, those of one zone by records in Route53.
resource "berth_issuer" "letsencrypt" {
  name = "letsencrypt-prod"

  acme = {
    server = "https://acme-v02.api.letsencrypt.org/directory"
    email  = "certificates@example.com"

    solvers = [
      {
        http01 = { ingress_class = "nginx" }
      },
      {
        selector = { dns_zones = ["internal.example.com"] }
        dns01 = {
          route53 = {
            region         = "eu-central-1"
            hosted_zone_id = "Z0123456789ABCDEFGHIJ"
            role           = "arn:aws:iam::123456789012:role/cert-manager"
          }
        }
      },
    ]
  }
}

# A CA of one's own in one namespace, whose certificate signs itself.
resource "berth_issuer" "self_signed" {
  name        = "self-signed"
  namespace   = "registry"
  self_signed = {}
}

# The one file that differs between environments.

locals {
  environment             = "staging"
  cluster_oidc_issuer_url = "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE"
  region                  = "eu-central-1"
  partition               = "aws"
  account_id              = "123456789012"

  # The zone of the registry's name, which external-dns keeps as well, and the zone that only VPCs see.
  zone_name       = "example.com"
  private_zone_id = "Z0PRIVATE0EXAMPLE"

  # Where the registry runs and answers, and who pulls from it.
  registry_namespace = "registry"
  registry_address   = "192.0.2.10"
  ingress_class      = "nginx"
  team_namespaces    = ["team-a", "team-b"]

  acme_directory_url = "https://acme-v02.api.letsencrypt.org/directory"
  acme_ca_file       = null
}

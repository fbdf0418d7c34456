# To a registry that the same apply makes
resource "berth_registry" "hub" {
  name      = "hub"
  namespace = "registry"
  host      = "hub.example.com"
  storage   = { volume = { size = "20Gi" } }
  ingress   = { class = "nginx", issuer = "letsencrypt" }
}

locals {
  # HOST, or HOST:PORT.
  hub = trimprefix(berth_registry.hub.url, "https://")
}

resource "berth_chart" "app" {
  path       = "${path.module}/charts/app"
  repository = "oci://${local.hub}/charts"
}

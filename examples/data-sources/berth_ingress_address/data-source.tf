resource "berth_registry" "this" {
  name      = "registry"
  namespace = "registry"
  host      = "registry.example.com"
  ingress   = { class = "traefik" }
  storage   = { volume = { size = "100Gi" } }
  anonymous = true
}

# Read when the registry is there: a plan would look for an Ingress that only the apply makes.
data "berth_ingress_address" "registry" {
  namespace  = berth_registry.this.namespace
  name       = berth_registry.this.name
  depends_on = [berth_registry.this]

  timeouts = {
    read = "5m"
  }
}

resource "berth_dns_record" "registry" {
  zone   = "example.com"
  name   = "registry"
  type   = "CNAME"
  values = [data.berth_ingress_address.registry.hostname]
}

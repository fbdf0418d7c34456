data "berth_ingress_address" "registry" {
  namespace = "registry"
  name      = "registry"

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

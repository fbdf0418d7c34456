# The registry's name.

data "berth_hosted_zone" "this" {
  name = var.zone_name
}

resource "berth_dns_record" "registry" {
  zone_id = data.berth_hosted_zone.this.zone_id
  name    = "registry.${var.zone_name}"
  type    = "A"
  ttl     = 60
  values  = [var.registry_address]
}

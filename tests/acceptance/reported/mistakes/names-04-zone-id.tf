# The zone's id is that of no zone.
# told: plan

resource "berth_dns_record" "x" {
  zone_id = "Z0NOSUCHZONE"
  name    = var.name
  type    = "A"
  values  = ["192.0.2.1"]
}

# remedy
resource "berth_dns_record" "x" {
  zone_id = var.zone_id
  name    = var.name
  type    = "A"
  values  = ["192.0.2.1"]
}

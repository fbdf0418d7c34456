# A whole name of another zone.
# told: plan

resource "berth_dns_record" "x" {
  zone_id = var.zone_id
  name    = "${var.name}.elsewhere.test"
  type    = "A"
  values  = ["192.0.2.1"]
}

# remedy
resource "berth_dns_record" "x" {
  zone_id = var.other_zone_id
  name    = "${var.name}.elsewhere.test"
  type    = "A"
  values  = ["192.0.2.1"]
}

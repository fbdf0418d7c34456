# A record that exists, and that no state knows.
# told: plan

resource "berth_dns_record" "x" {
  zone_id = var.zone_id
  name    = var.name
  type    = "A"
  values  = ["192.0.2.1"]
}

# then
# forget berth_dns_record.x

resource "berth_dns_record" "x" {
  zone_id = var.zone_id
  name    = var.name
  type    = "A"
  values  = ["192.0.2.1"]
}

# remedy
# import berth_dns_record.x $ZONE_ID/$NAME.$ZONE/A

resource "berth_dns_record" "x" {
  zone_id = var.zone_id
  name    = var.name
  type    = "A"
  values  = ["192.0.2.1"]
}

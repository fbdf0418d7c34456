# A record type that is misspelled, and a negative ttl.
# told: validate

resource "berth_dns_record" "x" {
  zone_id = var.zone_id
  name    = var.name
  type    = "AA"
  ttl     = -5
  values  = ["192.0.2.1"]
}

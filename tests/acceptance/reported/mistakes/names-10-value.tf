# A block of addresses as an address.
# told: validate

resource "berth_dns_record" "x" {
  zone_id = var.zone_id
  name    = var.name
  type    = "A"
  values  = ["10.0.0.0/8"]
}

# remedy
resource "berth_dns_record" "x" {
  zone_id = var.zone_id
  name    = var.name
  type    = "A"
  values  = ["10.0.0.8"]
}

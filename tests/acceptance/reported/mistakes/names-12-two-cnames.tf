# Two targets of a CNAME.
# told: validate

resource "berth_dns_record" "x" {
  zone_id = var.zone_id
  name    = var.name
  type    = "CNAME"
  values  = ["a.example", "b.example"]
}

# remedy
resource "berth_dns_record" "x" {
  zone_id = var.zone_id
  name    = var.name
  type    = "CNAME"
  values  = ["a.example"]
}

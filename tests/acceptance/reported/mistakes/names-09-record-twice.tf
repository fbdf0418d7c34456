# Two records of one name and type.
# told: plan

resource "berth_dns_record" "x" {
  zone_id = var.zone_id
  name    = var.name
  type    = "A"
  values  = ["192.0.2.1"]
}

resource "berth_dns_record" "y" {
  zone_id = var.zone_id
  name    = var.name
  type    = "A"
  values  = ["192.0.2.2"]

  depends_on = [berth_dns_record.x]
}

# remedy
resource "berth_dns_record" "x" {
  zone_id = var.zone_id
  name    = var.name
  type    = "A"
  values  = ["192.0.2.1"]
}

resource "berth_dns_record" "y" {
  zone_id = var.zone_id
  name    = "${var.name}-too"
  type    = "A"
  values  = ["192.0.2.2"]

  depends_on = [berth_dns_record.x]
}

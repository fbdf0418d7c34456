# The zone's name is misspelled.
# told: plan

resource "berth_dns_record" "x" {
  zone   = "sandbx.test"
  name   = var.name
  type   = "A"
  values = ["192.0.2.1"]
}

# remedy
resource "berth_dns_record" "x" {
  zone   = var.zone
  name   = var.name
  type   = "A"
  values = ["192.0.2.1"]
}

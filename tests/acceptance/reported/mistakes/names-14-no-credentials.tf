# No credentials for AWS.
# told: plan

provider "berth" {
  aws = { profile = "nobody" }
}

resource "berth_dns_record" "x" {
  zone   = var.zone
  name   = var.name
  type   = "A"
  values = ["192.0.2.1"]
}

# remedy
provider "berth" {
}

resource "berth_dns_record" "x" {
  zone   = var.zone
  name   = var.name
  type   = "A"
  values = ["192.0.2.1"]
}

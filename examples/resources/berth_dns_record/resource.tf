resource "berth_dns_record" "registry" {
  zone   = "example.com"
  name   = "registry.example.com"
  type   = "A"
  ttl    = 60
  values = ["192.0.2.10"]
}

# A load balancer's addresses, as an alias.
resource "berth_dns_record" "apps" {
  zone = "example.com"
  name = "*.apps.example.com"
  type = "A"

  alias = {
    name    = "dualstack.apps-123456.eu-central-1.elb.amazonaws.com"
    zone_id = "Z215JYRZR1TBD5"
  }
}

# Text of any length; it is divided into strings of 255 octets.
resource "berth_dns_record" "spf" {
  zone   = "example.com"
  name   = "@"
  type   = "TXT"
  values = ["v=spf1 include:_spf.example.net -all"]
}

# Two answers by weight, and a record that ExternalDNS leaves alone
resource "berth_dns_record" "blue" {
  zone           = "example.com"
  name           = "app.example.com"
  type           = "CNAME"
  ttl            = 60
  values         = ["blue.example.net"]
  set_identifier = "blue"
  routing        = { weight = 90 }
}

resource "berth_dns_record" "green" {
  zone           = "example.com"
  name           = "app.example.com"
  type           = "CNAME"
  ttl            = 60
  values         = ["green.example.net"]
  set_identifier = "green"
  routing        = { weight = 10 }
}

resource "berth_dns_record" "kept" {
  zone               = "example.com"
  name               = "registry.example.com"
  type               = "A"
  values             = ["192.0.2.10"]
  external_dns_owner = "berth"
  wait               = "authoritative"
}

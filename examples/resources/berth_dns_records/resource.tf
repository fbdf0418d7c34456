data "berth_hosted_zone" "this" {
  name = "example.com"
}

resource "berth_dns_records" "site" {
  zone_id = data.berth_hosted_zone.this.zone_id

  records = {
    apex = { name = "@", type = "A", values = ["192.0.2.10"] }
    www  = { name = "www", type = "CNAME", values = ["example.com"], ttl = 3600 }
    mail = { name = "@", type = "MX", values = ["10 mail.example.com", "20 mail2.example.com"] }
    spf  = { name = "@", type = "TXT", values = ["v=spf1 mx -all"] }
    cdn = {
      name = "static"
      type = "A"
      alias = {
        name    = "d111111abcdef8.cloudfront.net"
        zone_id = "Z2FDTNDATAQYW2"
      }
    }
  }
}

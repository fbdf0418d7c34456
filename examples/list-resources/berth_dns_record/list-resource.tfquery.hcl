# What stands in a zone, to be written into files by `terraform query -generate-config-out=records.tf`.
list "berth_dns_record" "web" {
  provider         = berth
  include_resource = true
  limit            = 500

  config {
    zone   = "example.com"
    within = "web.example.com"
    types  = ["A", "AAAA", "CNAME"]
  }
}

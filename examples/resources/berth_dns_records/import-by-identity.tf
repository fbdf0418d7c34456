import {
  to = berth_dns_records.site
  identity = {
    zone_id = "Z0123456789ABCDEFGHIJ"
    records = ["apex=example.com/A", "www=www.example.com/CNAME"]
  }
}

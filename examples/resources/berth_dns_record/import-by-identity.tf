import {
  to = berth_dns_record.registry
  identity = {
    zone_id = "Z0123456789ABCDEFGHIJ"
    name    = "registry.example.com"
    type    = "A"
  }
}

import {
  to = berth_dns01_delegation.registry
  identity = {
    zone_id = "Z0123456789ABCDEFGHIJ"
    domain  = "registry.example.com"
  }
}

# What the zone's own servers say, past all caches.
data "berth_dns_lookup" "caa" {
  name          = "example.com"
  type          = "CAA"
  authoritative = true
}

# What a certain resolver says; that there is no such name is an answer.
data "berth_dns_lookup" "registry" {
  name      = "registry.example.com"
  resolvers = ["9.9.9.9"]
}

output "registry_is_there" {
  value = data.berth_dns_lookup.registry.found
}

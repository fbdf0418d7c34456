# The zone that may be written to for certificates, and nothing else.
data "berth_hosted_zone" "challenges" {
  name = "challenges.example.net"
}

resource "berth_dns01_delegation" "registry" {
  domain         = "registry.example.com"
  target_zone_id = data.berth_hosted_zone.challenges.zone_id
}

output "challenge_name" {
  value = berth_dns01_delegation.registry.target_name
}

output "zone_id" {
  value = data.berth_hosted_zone.this.zone_id
}

output "registry_host" {
  value = berth_dns_record.registry.fqdn
}

data "berth_hosted_zone" "main" {
  name = "example.com"
}

output "name_servers" {
  value = data.berth_hosted_zone.main.name_servers
}

output "host" {
  value = berth_registry.this.host
}

output "url" {
  value = berth_registry.this.url
}

data "berth_registry_diagnosis" "main" {
  host = "registry.example.com"
}

output "registry" {
  value = data.berth_registry_diagnosis.main.healthy ? "serves" : data.berth_registry_diagnosis.main.cause
}

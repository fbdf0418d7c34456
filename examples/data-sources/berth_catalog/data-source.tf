data "berth_catalog" "team" {
  host   = "registry.example.com"
  prefix = "team/"
}

data "berth_repository_tags" "app" {
  repository = "registry.example.com/team/app"
  constraint = "~> 1.4"
}

output "newest" {
  value = "registry.example.com/team/app:${data.berth_repository_tags.app.latest}"
}

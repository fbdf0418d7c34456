action "berth_image_pull_check" "web" {
  config {
    namespace = "web"
    image     = "registry.example.com/web:1.4"
  }
}

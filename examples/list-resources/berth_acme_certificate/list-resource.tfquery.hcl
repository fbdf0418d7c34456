list "berth_acme_certificate" "web" {
  provider         = berth
  include_resource = true

  config {
    namespace = "web"
    others    = true
  }
}

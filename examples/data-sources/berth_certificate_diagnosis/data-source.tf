data "berth_certificate_diagnosis" "web" {
  namespace = "apps"
  name      = "web"
}

# Fails with the cause in its words; the apply itself goes on.
check "certificate" {
  assert {
    condition     = data.berth_certificate_diagnosis.web.healthy
    error_message = "${data.berth_certificate_diagnosis.web.cause}: ${data.berth_certificate_diagnosis.web.remedy}"
  }
}

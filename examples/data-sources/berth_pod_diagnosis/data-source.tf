data "berth_pod_diagnosis" "web" {
  namespace = "apps"
  name      = "web-0"
}

output "why_web_does_not_run" {
  value = {
    cause    = data.berth_pod_diagnosis.web.cause
    evidence = data.berth_pod_diagnosis.web.evidence
    remedy   = data.berth_pod_diagnosis.web.remedy
  }
}

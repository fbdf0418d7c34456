output "url" {
  value = berth_registry.this.url
}

output "certificate" {
  value = {
    serial_number = berth_acme_certificate.registry.serial_number
    not_after     = berth_acme_certificate.registry.not_after
    renew_at      = berth_acme_certificate.registry.renew_at
  }
}

output "service_account_annotations" {
  value = { for key, role in berth_irsa_role.this : key => role.annotations }
}

output "check" {
  value = berth_registry_check.this.summary
}

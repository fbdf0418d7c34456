output "secret_name" {
  value = berth_acme_certificate.this.kubernetes_secret.name
}

output "not_after" {
  value = berth_acme_certificate.this.not_after
}

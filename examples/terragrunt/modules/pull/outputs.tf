output "digest" {
  value = berth_pull_secret.this.digest
}

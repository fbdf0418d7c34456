# Taken before each upgrade, with the certificates themselves: a restore of it issues nothing anew.
resource "berth_cert_manager_backup" "this" {
  secret   = { namespace = "backups", name = "cert-manager" }
  include  = ["issuers", "certificates", "account_keys", "dns_credentials", "issued"]
  triggers = { upgrade_to = "1.18.2" }
}

resource "berth_cert_manager" "this" {
  manifest   = "${path.module}/cert-manager-v1.18.2.yaml"
  depends_on = [berth_cert_manager_backup.this]
}

# In another cluster, to which the Secret was copied, once cert-manager stands there. In the configuration that takes the backup it
# would need `depends_on = [berth_cert_manager_backup.this]`.
resource "berth_cert_manager_backup" "restored" {
  restore = true
  secret  = { namespace = "backups", name = "cert-manager" }
}

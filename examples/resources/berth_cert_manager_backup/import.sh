# The Secret that holds it.
terraform import berth_cert_manager_backup.this backups/cert-manager

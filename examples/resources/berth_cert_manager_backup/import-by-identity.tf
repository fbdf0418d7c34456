import {
  to       = berth_cert_manager_backup.this
  identity = { namespace = "backups", name = "cert-manager" }
}

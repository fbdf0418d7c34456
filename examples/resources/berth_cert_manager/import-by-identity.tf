import {
  to       = berth_cert_manager.this
  identity = { namespace = "cert-manager" }
}

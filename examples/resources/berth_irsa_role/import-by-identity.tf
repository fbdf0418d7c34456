import {
  to = berth_irsa_role.cert_manager
  identity = {
    name = "cert-manager"
  }
}

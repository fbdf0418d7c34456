variable "ca_fingerprint" {
  type = string
}

# A new CA behind the issuer: what the former one has signed is issued anew.
resource "terraform_data" "ca" {
  input = var.ca_fingerprint

  lifecycle {
    action_trigger {
      events  = [after_update]
      actions = [action.berth_certificate_renew.registry]
    }
  }
}

action "berth_certificate_renew" "registry" {
  config {
    namespace = "registry"
    name      = "registry"
  }
}

# For a key that the provider never sees, from a CA of your own, and with standing proofs of the names
variable "request" {
  type        = string
  description = "The signing request, PEM."
}

resource "berth_acme_certificate" "appliance" {
  directory_url = "https://ca.internal.example.com/acme/directory"
  account_key   = { env = "ACME_ACCOUNT_KEY" }
  csr_pem       = var.request
  dns_names     = ["appliance.internal.example.com"]
  dns_persist01 = {}

  renewal = { remaining_days = 10 }
}

# At a CA that wants an account of its own system, with a key from a file
variable "hmac_key" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "berth_acme_account" "bound" {
  directory_url           = "https://acme.zerossl.com/v2/DV90"
  terms_of_service_agreed = true
  account_key             = { file = "account.pem" }

  external_account_binding = {
    key_id              = "kid-1"
    hmac_key_wo         = var.hmac_key
    hmac_key_wo_version = 1
  }
}

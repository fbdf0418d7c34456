import {
  to = berth_acme_account.main
  identity = {
    account_url = "https://acme-v02.api.letsencrypt.org/acme/acct/1234567"
  }
}

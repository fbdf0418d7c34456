# By the account's URL, with `acme.directory_url` set in the provider block; or with the directory before it.
terraform import berth_acme_account.main https://acme-v02.api.letsencrypt.org/acme/acct/1234567
terraform import berth_acme_account.main https://acme-v02.api.letsencrypt.org/directory,https://acme-v02.api.letsencrypt.org/acme/acct/1234567

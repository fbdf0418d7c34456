# letsencrypt.org; accounturi=https://acme-v02.api.letsencrypt.org/acme/acct/1; policy=wildcard
output "standing_proof" {
  value = provider::berth::dns_persist01_value("letsencrypt.org", "https://acme-v02.api.letsencrypt.org/acme/acct/1", true)
}

# The trust policy of a role that something else makes.
output "assume_role_policy" {
  value = provider::berth::irsa_trust_policy(
    "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE",
    [{ namespace = "apps", name = "web" }],
    { account_id = "123456789012" },
  )
}

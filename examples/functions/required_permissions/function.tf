# What a CI job needs that manages the roles and records of one environment.
output "runner" {
  value = provider::berth::required_permissions(
    ["berth_irsa_role", "berth_dns_record"],
    {
      account_id      = "123456789012"
      role_names      = ["staging-*"]
      hosted_zone_ids = ["Z0123456789ABCDEFGHIJ"]
    },
  ).json
}

# What a job needs that only plans.
output "planner" {
  value = provider::berth::required_permissions(["berth_irsa_role", "berth_dns_record"], { plan_only = true }).json
}

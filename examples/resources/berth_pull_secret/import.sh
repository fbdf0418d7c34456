# By one of its namespaces and its name.
terraform import berth_pull_secret.main team-a/registry-pull

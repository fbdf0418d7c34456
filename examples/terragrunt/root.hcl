# What all units have in common: the provider, the state, and what is tried again.

locals {
  environment = read_terragrunt_config(find_in_parent_folders("environment.hcl")).locals
}

# Credentials of AWS and the kubeconfig come from the environment.
generate "provider" {
  path      = "provider.tf"
  if_exists = "overwrite_terragrunt"
  contents  = <<-EOF
    provider "berth" {
      aws = {
        region       = "${local.environment.region}"
        default_tags = { environment = "${local.environment.environment}", unit = "${path_relative_to_include()}" }
      }
      acme = {
        directory_url = "${local.environment.acme_directory_url}"
        ca_file       = ${jsonencode(local.environment.acme_ca_file)}
      }
    }
  EOF
}

# A team keeps its state in a bucket; the folder `.state` is for a first look.
remote_state {
  backend = "local"
  generate = {
    path      = "backend.tf"
    if_exists = "overwrite_terragrunt"
  }
  config = {
    path = "${get_parent_terragrunt_dir()}/.state/${path_relative_to_include()}.tfstate"
  }
}

# Codes of failures that another attempt may cure, as the guide on error codes lists them. A message may change its words, and
# keeps its code. Not among them: what the CA limits (it ends when the CA says), and validations that failed (CAs count them).
errors {
  retry "aws" {
    # Throttled, unreachable, out of time, busy, removed by somebody meanwhile; a change that is not everywhere yet or whose
    # answer is not known.
    retryable_errors = [
      "(?s).*BERTH-AWS-003.*",
      "(?s).*BERTH-AWS-004.*",
      "(?s).*BERTH-AWS-010.*",
      "(?s).*BERTH-AWS-011.*",
      "(?s).*BERTH-AWS-040.*",
      "(?s).*BERTH-AWS-082.*",
      "(?s).*BERTH-ROUTE53-007.*",
      "(?s).*BERTH-ROUTE53-029.*",
    ]
    max_attempts       = 3
    sleep_interval_sec = 15
  }
  retry "acme" {
    # The CA is unreachable, has trouble of its own, or took too long; an order or key that is to be made anew.
    retryable_errors = [
      "(?s).*BERTH-ACME-003.*",
      "(?s).*BERTH-ACME-013.*",
      "(?s).*BERTH-ACME-017.*",
      "(?s).*BERTH-ACME-018.*",
      "(?s).*BERTH-ACME-020.*",
      "(?s).*BERTH-ACME-048.*",
      "(?s).*BERTH-ACME-054.*",
    ]
    max_attempts       = 3
    sleep_interval_sec = 30
  }
  retry "dns" {
    # No answer, not visible yet, out of time.
    retryable_errors = [
      "(?s).*BERTH-CM-007.*",
      "(?s).*BERTH-CM-019.*",
      "(?s).*BERTH-DNS-003.*",
      "(?s).*BERTH-DNS-006.*",
      "(?s).*BERTH-DNS-007.*",
    ]
    max_attempts       = 3
    sleep_interval_sec = 30
  }
  retry "cluster" {
    # Unreachable, namespace still going away, changed by others meanwhile, out of time, in trouble of its own.
    retryable_errors = [
      "(?s).*BERTH-K8S-003.*",
      "(?s).*BERTH-K8S-007.*",
      "(?s).*BERTH-K8S-010.*",
      "(?s).*BERTH-K8S-012.*",
      "(?s).*BERTH-K8S-013.*",
      "(?s).*BERTH-K8S-091.*",
      "(?s).*BERTH-LOGIN-004.*",
      "(?s).*BERTH-OCI-004.*",
      "(?s).*BERTH-OCI-010.*",
    ]
    max_attempts       = 3
    sleep_interval_sec = 15
  }
}

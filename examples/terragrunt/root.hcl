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

# Codes of failures that another attempt may cure. A message may change its words, and keeps its code.
errors {
  retry "aws" {
    # Throttled, unreachable, out of time, busy.
    retryable_errors   = ["(?s).*BERTH-AWS-0(03|04|10|11).*"]
    max_attempts       = 3
    sleep_interval_sec = 15
  }
  retry "acme" {
    # The CA is unreachable, has trouble of its own, or took too long. Not its rate limits: those end when it says.
    retryable_errors   = ["(?s).*BERTH-ACME-0(03|18|20).*"]
    max_attempts       = 3
    sleep_interval_sec = 30
  }
  retry "dns" {
    # No answer, not visible yet, out of time.
    retryable_errors   = ["(?s).*BERTH-DNS-00(3|6|7).*"]
    max_attempts       = 3
    sleep_interval_sec = 30
  }
  retry "cluster" {
    # Unreachable, namespace still going away, changed by others meanwhile, out of time.
    retryable_errors   = ["(?s).*BERTH-K8S-0(03|07|10|12).*"]
    max_attempts       = 3
    sleep_interval_sec = 15
  }
}

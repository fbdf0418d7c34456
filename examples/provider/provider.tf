terraform {
  required_providers {
    berth = {
      source = "berth/berth"
    }
  }
}

# Every setting is optional. What is absent comes from the environment: AWS_REGION, AWS_PROFILE,
# AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL and their like, KUBE_CONFIG_PATH or KUBECONFIG.
provider "berth" {
  aws = {
    region       = "eu-central-1"
    default_tags = { managed-by = "terraform" }
  }

  acme = {
    directory_url = "https://acme-v02.api.letsencrypt.org/directory"
  }

  kubernetes = {
    config_path    = "~/.kube/config"
    config_context = "production"
  }
}

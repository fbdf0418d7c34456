# The pipeline without a cluster, a CA or AWS: `terraform test` plans and applies it over made-up answers.

mock_provider "berth" {
  source = "../mocks"
}

variables {
  zone_name          = "example.com"
  oidc_issuer_url    = "https://oidc.example.com/id/0123456789"
  acme_directory_url = "https://acme.example.com/directory"
  acme_root_file     = "../mocks/ca.pem"
  registry_address   = "192.0.2.1"
  bucket             = "images"
  namespaces         = ["team-a", "team-b"]
  s3_access_key      = "an access key"
  s3_secret_key      = "a secret key"
  push_password      = "a password to push"
  pull_password      = "a password to pull"
}

run "planned" {
  command = plan

  assert {
    condition     = berth_acme_certificate.registry.dns_names == toset(["registry.example.com", "*.registry.example.com"])
    error_message = "The certificate is for the registry's name and what lies below it."
  }
}

run "applied" {
  assert {
    condition     = alltrue([for role in values(berth_irsa_role.this) : startswith(role.arn, "arn:aws:iam::")])
    error_message = "Every role has an ARN."
  }
  assert {
    condition     = keys(berth_registry.this.users) == tolist(["ci", "cluster"])
    error_message = "One user pushes, and one pulls."
  }
}

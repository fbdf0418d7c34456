# A bucket that is not there.
# told: apply
# waits: 45 Rights of a role spread slowly.

resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { s3 = { bucket = "no-such-bucket", region = "us-east-1", endpoint = var.s3, access_key = "AKIASANDBOXUSER00000", secret_key_wo = var.password, secret_key_wo_version = 1 } }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
}

# remedy
resource "berth_registry" "x" {
  name      = "hub"
  namespace = var.namespace
  storage   = { s3 = { bucket = var.bucket, region = "us-east-1", endpoint = var.s3, access_key = "AKIASANDBOXUSER00000", secret_key_wo = var.password, secret_key_wo_version = 1 } }
  users     = { ann = { password_wo = var.password, password_wo_version = 1 } }
}

# In a bucket of another S3, such as RustFS, SeaweedFS, Garage or Ceph
variable "secret_key" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "berth_registry" "elsewhere" {
  name      = "registry"
  namespace = "registry"

  storage = {
    s3 = {
      bucket                = "registry"
      region                = "us-east-1"
      endpoint              = "http://s3.storage.svc:9000"
      access_key            = "registry"
      secret_key_wo         = var.secret_key
      secret_key_wo_version = 1
    }
  }
}

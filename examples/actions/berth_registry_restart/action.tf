variable "bucket_policy" {
  type = string
}

# Whatever the registry reads only when it starts: here a new policy of its bucket.
resource "terraform_data" "bucket_policy" {
  input = var.bucket_policy

  lifecycle {
    action_trigger {
      events  = [after_update]
      actions = [action.berth_registry_restart.registry]
    }
  }
}

action "berth_registry_restart" "registry" {
  config {
    namespace = "registry"
    name      = "registry"
  }
}

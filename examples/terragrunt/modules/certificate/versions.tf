terraform {
  required_version = ">= 1.11"
  required_providers {
    berth = { source = "berth/berth" }
  }
}

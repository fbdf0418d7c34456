//! One remote each; no Terraform types.

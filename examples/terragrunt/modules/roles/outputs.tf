output "annotations" {
  value       = { for key, role in berth_irsa_role.this : key => role.annotations }
  description = "What each service account must be annotated with, by the role's key."
}

# Those too that a script or another provider made: an import takes them over.
list "berth_pull_secret" "all" {
  provider         = berth
  include_resource = true

  config {
    others = true
  }
}

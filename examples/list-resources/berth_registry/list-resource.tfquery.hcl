list "berth_registry" "all" {
  provider = berth
}

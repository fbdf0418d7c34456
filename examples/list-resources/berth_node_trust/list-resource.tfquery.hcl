list "berth_node_trust" "all" {
  provider = berth
}

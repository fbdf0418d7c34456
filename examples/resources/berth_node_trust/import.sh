# By its namespace and name; only what berth made can be imported.
terraform import berth_node_trust.registry kube-system/registry-trust

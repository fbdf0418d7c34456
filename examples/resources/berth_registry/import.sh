# By its namespace and name. Only a registry that berth made can be imported. Passwords are not found: the next apply sets them.
terraform import berth_registry.main registry/registry

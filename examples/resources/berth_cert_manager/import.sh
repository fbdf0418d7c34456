# The namespace that the controller runs in. The next apply takes over what the manifest declares.
terraform import berth_cert_manager.this cert-manager

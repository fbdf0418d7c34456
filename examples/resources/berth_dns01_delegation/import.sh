# The id of the domain's zone, and the domain.
terraform import berth_dns01_delegation.registry Z0123456789ABCDEFGHIJ/registry.example.com

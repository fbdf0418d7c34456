# The zone's id, the record's whole name, its type, and its set identifier if it has one.
terraform import berth_dns_record.registry Z0123456789ABCDEFGHIJ/registry.example.com/A

# The spelling of the AWS provider does as well.
terraform import berth_dns_record.registry Z0123456789ABCDEFGHIJ_registry.example.com_A

# By the zone's name, for a declaration with `zone` instead of `zone_id`.
terraform import berth_dns_record.registry example.com/registry/A

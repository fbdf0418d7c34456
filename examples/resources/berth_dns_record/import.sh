terraform import berth_dns_record.registry Z0123456789ABCDEFGHIJ/registry.example.com/A

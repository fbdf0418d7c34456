# The zone's id, then the records: KEY=NAME/TYPE, with commas between them.
terraform import berth_dns_records.site Z0123456789ABCDEFGHIJ/apex=example.com/A,www=www.example.com/CNAME

# All records of a zone but its own SOA and NS; their keys are NAME/TYPE.
terraform import berth_dns_records.site Z0123456789ABCDEFGHIJ

# By the zone's name, for a declaration with `zone` instead of `zone_id`.
terraform import berth_dns_records.site example.com/apex=@/A,www=www/CNAME

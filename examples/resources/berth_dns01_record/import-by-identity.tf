import {
  to = berth_dns01_record.answer
  identity = {
    zone_id = "Z0123456789ABCDEFGHIJ"
    domain  = "registry.example.com"
    value   = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
  }
}

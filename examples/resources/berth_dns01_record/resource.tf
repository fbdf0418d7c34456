# One answer beside those of others, for a client that computes it itself.
resource "berth_dns01_record" "answer" {
  domain = "registry.example.com"
  value  = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
}

# For a token that another tool got from the CA
output "txt_value" {
  value = provider::berth::dns01_value(
    "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA",
    "9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI",
  )
}

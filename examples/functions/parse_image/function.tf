# docker.io/library/busybox
output "name" {
  value = provider::berth::parse_image("busybox:1.35").name
}

# From its folder: the same files have the same digest on any machine.
resource "berth_chart" "app" {
  path       = "${path.module}/charts/app"
  repository = "oci://registry.example.com/charts"
}

# What Helm installs.
output "chart" {
  value = berth_chart.app.reference
}

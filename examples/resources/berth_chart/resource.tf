# From its folder: the same files have the same digest on any machine.
resource "berth_chart" "app" {
  path       = "${path.module}/charts/app"
  repository = "oci://registry.example.com/charts"
}

# What Helm installs: `helm install app $chart --version $version`.
output "chart" {
  value = {
    chart   = berth_chart.app.reference
    version = berth_chart.app.version
  }
}

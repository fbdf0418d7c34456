import {
  to = berth_chart.app
  identity = {
    reference = "oci://registry.example.com/charts/app"
    version   = "1.4.2"
  }
}

# oci://HOST/PATH/NAME:VERSION
terraform import berth_chart.app oci://registry.example.com/charts/app:1.4.2

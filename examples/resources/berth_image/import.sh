# HOST/PATH:TAG
terraform import berth_image.app registry.example.com/team/app:1.4.2

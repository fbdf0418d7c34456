import {
  to = berth_image.app
  identity = {
    destination = "registry.example.com/team/app:1.4.2"
  }
}

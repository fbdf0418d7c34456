# A self-signed root, and until when it is valid
locals {
  root = <<-END
    -----BEGIN CERTIFICATE-----
    MIIBhDCCASmgAwIBAgIUHCIz03gcHwVSkvv8vDDTo/KsaEYwCgYIKoZIzj0EAwIw
    FzEVMBMGA1UEAwwMRXhhbXBsZSBSb290MB4XDTI2MTEyMTA5NTYxNloXDTM2MTEx
    ODA5NTYxNlowFzEVMBMGA1UEAwwMRXhhbXBsZSBSb290MFkwEwYHKoZIzj0CAQYI
    KoZIzj0DAQcDQgAEzQxZ58fHTnfvgb7QRzJzIDxh/g1usa5PPnfk8ImrklaSdhMp
    tnBFVEOZOEsOdlRc7fEK2dK96aV/aVMT+3aFc6NTMFEwHQYDVR0OBBYEFMI9go9f
    oNIB9sNcb4gisXbvayarMB8GA1UdIwQYMBaAFMI9go9foNIB9sNcb4gisXbvayar
    MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhANvfqlrQhwrDXNtH
    yF5SPoTYyA+JoG1llIkhw87ZmHKaAiEA7Kh03eJYv7eLtyQxjtVDDSosF7htGlu/
    xwBSEgXifvc=
    -----END CERTIFICATE-----
  END
}

output "until" {
  value = provider::berth::pem_info(local.root)[0].not_after
}

# By the Secret that holds the certificate and its key, as NAMESPACE/NAME. Nothing is issued.
terraform import berth_acme_certificate.registry registry/registry-tls

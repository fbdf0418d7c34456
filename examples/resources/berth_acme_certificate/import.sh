# By the Secret that holds the certificate and its key, as NAMESPACE/NAME. Nothing is issued.
terraform import berth_acme_certificate.registry registry/registry-tls

# By files in PEM: the certificate with its chain, and the key. The key stays in its file until the first apply puts it where the
# configuration wants it, and never reaches the state on the way. Without a key: for `csr_pem`.
terraform import berth_acme_certificate.registry file:registry.pem,key=registry.key

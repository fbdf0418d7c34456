# A ClusterIssuer by its name, an Issuer with its namespace.
terraform import berth_issuer.letsencrypt letsencrypt-prod
terraform import berth_issuer.self_signed registry/self-signed

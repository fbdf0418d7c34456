# CoreDNS: serves moto's zones, and the cluster's names once there is a cluster; all other names do not exist here.

# write_corefile WITH_CLUSTER: CoreDNS notices a changed file by itself, so a cluster can join later.
write_corefile() {
  # shellcheck source=/dev/null
  source "$SEED_FILE"
  {
    cat <<END
$SANDBOX_ZONE_NAME:53 $SANDBOX_OTHER_ZONE_NAME:53 {
  errors
  reload 2s 1s
  route53 $SANDBOX_ZONE_NAME.:$SANDBOX_ZONE_ID $SANDBOX_CHILD_ZONE_NAME.:$SANDBOX_CHILD_ZONE_ID $SANDBOX_OTHER_ZONE_NAME.:$SANDBOX_OTHER_ZONE_ID {
    refresh 1s
  }
}
.:53 {
  errors
  template ANY ANY {
    rcode NXDOMAIN
    authority "{{ .Zone }} 60 IN SOA ns1.$SANDBOX_ZONE_NAME. hostmaster.$SANDBOX_ZONE_NAME. (1 60 60 60 60)"
  }
}
END
    [[ $1 != with-cluster ]] || cat <<END
cluster.local:53 10.in-addr.arpa:53 {
  errors
  kubernetes cluster.local 10.in-addr.arpa {
    kubeconfig $STATE_DIR/kubeconfig
    pods insecure
    ttl 5
    startup_timeout 1s
  }
}
END
  } | write_file "$CONFIG_DIR/Corefile"
}

# The plugin's own endpoint option misreads its value in CoreDNS 1.15.0; the SDK's environment variable works.
start_dns() {
  as_sandbox start_part coredns "$(tool_bin coredns)/coredns" -conf "$CONFIG_DIR/Corefile"
}

dns_ready() { [[ $(inside dig +short +time=1 +tries=1 @127.0.0.1 "ns1.$ZONE_NAME" A) == "$NODE_IP" ]]; }

# What programs that run against the sandbox need to know, as environment variables.

write_environment() {
  # shellcheck source=/dev/null
  source "$SEED_FILE"
  {
    cat <<END
AWS_ACCESS_KEY_ID=AKIASANDBOXUSER00000
AWS_SECRET_ACCESS_KEY=sandbox
AWS_REGION=$REGION
AWS_DEFAULT_REGION=$REGION
AWS_ENDPOINT_URL=$AWS_ENDPOINT
AWS_EC2_METADATA_DISABLED=true
SANDBOX_STATE_DIR=$STATE_DIR
SANDBOX_NODE_IP=$NODE_IP
SANDBOX_DNS_SERVER=$NODE_IP:53
SANDBOX_REQUEST_LOG=$REQUEST_LOG
SANDBOX_S3_ENDPOINT=$AWS_ENDPOINT
SANDBOX_OIDC_ISSUER_URL=$OIDC_ISSUER_URL
SANDBOX_ACME_DIRECTORY=https://$NODE_IP:${ACME_PORT[main]}/dir
SANDBOX_ACME_CA_FILE=$OWN_CA.pem
SANDBOX_ACME_ROOT_FILE=$CERT_DIR/root-main.pem
SANDBOX_ACME_BLOCKED_NAME=$BLOCKED_NAME
SANDBOX_ACME_MANAGEMENT_URL=https://$NODE_IP:$(( ${ACME_PORT[main]} + 1000 ))
SANDBOX_ACME_EAB_DIRECTORY=https://$NODE_IP:${ACME_PORT[eab]}/dir
SANDBOX_ACME_EAB_ROOT_FILE=$CERT_DIR/root-eab.pem
SANDBOX_ACME_EAB_KEY_ID=$EAB_KEY_ID
SANDBOX_ACME_EAB_HMAC_KEY=$EAB_HMAC_KEY
SANDBOX_ACME_ALTERNATE_DIRECTORY=https://$NODE_IP:${ACME_PORT[alternate]}/dir
SANDBOX_ACME_ALTERNATE_ROOT_FILES=$CERT_DIR/root-alternate.pem:$CERT_DIR/root-alternate-1.pem:$CERT_DIR/root-alternate-2.pem
SANDBOX_ACME_SHORT_DIRECTORY=https://$NODE_IP:${ACME_PORT[short]}/dir
SANDBOX_ACME_SHORT_ROOT_FILE=$CERT_DIR/root-short.pem
SANDBOX_ACME_SHORT_MANAGEMENT_URL=https://$NODE_IP:$(( ${ACME_PORT[short]} + 1000 ))
END
    cat "$SEED_FILE"
    [[ $1 != with-cluster ]] || cat <<END
KUBECONFIG=$KUBECONFIG_FILE
KUBE_CONFIG_PATH=$KUBECONFIG_FILE
SANDBOX_AUDIT_LOG=$AUDIT_LOG
SANDBOX_IMAGE_ARCHIVE=$IMAGE_DIR/busybox.tar
SANDBOX_BUSYBOX_IMAGE=$BUSYBOX_IMAGE
SANDBOX_REGISTRY_IMAGE=$REGISTRY_IMAGE
SANDBOX_STORAGE_CLASS=sandbox
SANDBOX_CERTS_FOLDER=$CERTS_FOLDER
SANDBOX_CONTAINERD_CONFIG=$CONFIG_DIR/containerd.toml
END
    [[ $1 != with-cluster || ! -e $INGRESS_MARK ]] || cat <<END
SANDBOX_INGRESS_CLASS=traefik
SANDBOX_INGRESS_IP=$INGRESS_IP
END
    [[ $1 != with-cluster || ! -d $RELEASES_DIR ]] || echo "SANDBOX_CERT_MANAGER_RELEASES=$RELEASES_DIR"
  } | write_file "$STATE_DIR/environment"
}

# A profile of the caller's would lead past the sandbox to real accounts.
FOREIGN_VARIABLES=(AWS_PROFILE AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE
  AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY)

print_environment() {
  local line
  [[ -s $STATE_DIR/environment ]] || die "the sandbox is not up; start it with: $SANDBOX_HOME/sandbox up"
  printf 'unset %s\n' "${FOREIGN_VARIABLES[*]}"
  while IFS= read -r line; do
    printf 'export %s=%q\n' "${line%%=*}" "${line#*=}"
  done < "$STATE_DIR/environment"
  # shellcheck disable=SC2016  # the caller's shell expands it
  printf 'export PATH=%q:$PATH\n' "$(tool_path "${NODE_TOOLS[@]}" coredns pebble kubectl tofu terraform)"
}

# run_inside COMMAND…: with the environment, from the caller's folder, in place of this process.
run_inside() {
  local holder
  holder=$(process_of holder) || die "the sandbox is not up; start it with: $SANDBOX_HOME/sandbox up"
  eval "$(print_environment)"
  exec nsenter -t "$holder" -m -n -w"$PWD" -- "$@"
}

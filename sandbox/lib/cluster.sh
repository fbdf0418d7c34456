# The control plane: etcd, API server, controller manager and scheduler, and what a fresh cluster needs.

KUBECONFIG_FILE=$STATE_DIR/kubeconfig
API_URL=https://$NODE_IP:6443
# The cluster's tokens name the same issuer as an EKS cluster would, so roles for service accounts look real.
OIDC_ISSUER_URL=https://$OIDC_HOST/SANDBOX

# What accounts of tests' own asked of the API server (cluster/audit.yaml).
AUDIT_LOG=$LOG_DIR/kubernetes-audit.log

kubernetes_bin() { printf '%s/%s\n' "$(tool_bin kubernetes)" "$1"; }
kubectl_path() { printf '%s/kubectl\n' "$(tool_bin kubectl)"; }
kubectl_admin() { inside "$(kubectl_path)" --kubeconfig "$KUBECONFIG_FILE" "$@"; }

# write_tokens: one static token for each user; the file's columns are token, user, uid and groups.
write_tokens() {
  [[ -s $CONFIG_DIR/tokens.csv ]] && return 0
  local user groups
  while read -r user groups; do
    printf '%s,%s,%s,"%s"\n' "$(openssl rand -hex 24)" "$user" "$user" "$groups"
  done > "$CONFIG_DIR/tokens.csv" <<END
admin system:masters
system:kube-controller-manager
system:kube-scheduler
system:kube-proxy
system:node:node system:nodes
END
  chmod 600 "$CONFIG_DIR/tokens.csv"
}

# write_kubeconfig USER FILE
write_kubeconfig() {
  local token
  token=$(awk -F, -v user="$1" '$2 == user {print $1}' "$CONFIG_DIR/tokens.csv")
  write_file "$2" <<END
apiVersion: v1
kind: Config
clusters:
- name: sandbox
  cluster: {server: "$API_URL", certificate-authority-data: $(base64 -w0 < "$OWN_CA.pem")}
users:
- name: $1
  user: {token: $token}
contexts:
- name: sandbox
  context: {cluster: sandbox, user: "$1"}
current-context: sandbox
END
  chmod 600 "$2"
}

write_cluster_config() {
  write_tokens
  write_kubeconfig admin "$KUBECONFIG_FILE"
  write_kubeconfig system:kube-controller-manager "$CONFIG_DIR/controller-manager.kubeconfig"
  write_kubeconfig system:kube-scheduler "$CONFIG_DIR/scheduler.kubeconfig"
  write_kubeconfig system:kube-proxy "$CONFIG_DIR/kube-proxy.kubeconfig"
  write_kubeconfig system:node:node "$CONFIG_DIR/kubelet.kubeconfig"
}

start_etcd() {
  start_part etcd "$(tool_bin etcd)/etcd" --name sandbox --data-dir "$STATE_DIR/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \
    --initial-cluster sandbox=http://127.0.0.1:2380
}

start_apiserver() {
  # --kubelet-preferred-address-types: else logs and exec would look up the node's name.
  start_part kube-apiserver "$(kubernetes_bin kube-apiserver)" --etcd-servers=http://127.0.0.1:2379 \
    --bind-address=0.0.0.0 --secure-port=6443 --advertise-address="$NODE_IP" --service-cluster-ip-range="$SERVICE_CIDR" \
    --tls-cert-file="$CERT_DIR/apiserver.pem" --tls-private-key-file="$CERT_DIR/apiserver.key" --client-ca-file="$OWN_CA.pem" \
    --token-auth-file="$CONFIG_DIR/tokens.csv" --authorization-mode=Node,RBAC --allow-privileged=true \
    --audit-policy-file="$SANDBOX_HOME/cluster/audit.yaml" --audit-log-path="$AUDIT_LOG" \
    --service-account-issuer="$OIDC_ISSUER_URL" --service-account-key-file="$CERT_DIR/service-account.key" \
    --service-account-signing-key-file="$CERT_DIR/service-account.key" \
    --api-audiences="https://kubernetes.default.svc,$OIDC_ISSUER_URL" \
    --kubelet-preferred-address-types=InternalIP --kubelet-certificate-authority="$OWN_CA.pem" \
    --kubelet-client-certificate="$CERT_DIR/apiserver-client.pem" --kubelet-client-key="$CERT_DIR/apiserver-client.key"
}

start_controllers() {
  start_part kube-controller-manager "$(kubernetes_bin kube-controller-manager)" \
    --kubeconfig="$CONFIG_DIR/controller-manager.kubeconfig" --leader-elect=false --use-service-account-credentials=true \
    --service-account-private-key-file="$CERT_DIR/service-account.key" --root-ca-file="$OWN_CA.pem" \
    --cluster-cidr="$POD_CIDR" --allocate-node-cidrs=true --service-cluster-ip-range="$SERVICE_CIDR" \
    --enable-hostpath-provisioner=true
  start_part kube-scheduler "$(kubernetes_bin kube-scheduler)" --kubeconfig="$CONFIG_DIR/scheduler.kubeconfig" --leader-elect=false
}

apiserver_ready() { inside curl -fsS --max-time 2 --cacert "$OWN_CA.pem" "$API_URL/readyz"; }
controllers_ready() { inside curl -fsSk --max-time 2 https://127.0.0.1:10257/healthz && inside curl -fsSk --max-time 2 https://127.0.0.1:10259/healthz; }

# apply_manifests: the default storage class and the cluster's name for its DNS server.
apply_manifests() {
  sed -e "s/NODE_IP/$NODE_IP/; s/DNS_SERVICE_IP/$DNS_SERVICE_IP/" "$SANDBOX_HOME/cluster/base.yaml" \
    | kubectl_admin apply -f - >> "$LOG_DIR/kubectl.log" 2>&1
}

# reset_cluster: namespaces of tests go, and `default` is emptied of what tests put there.
reset_cluster() {
  local names emptied=deployments,daemonsets,statefulsets,jobs,cronjobs,pods,ingresses,persistentvolumeclaims,secrets
  kubectl_admin delete clusterissuers --all >> "$LOG_DIR/kubectl.log" 2>&1  # unknown without cert-manager
  mapfile -t names < <(kubectl_admin get namespaces -o name | grep -vxE 'namespace/(default|kube-.*|cert-manager|traefik)')
  {
    (( ${#names[@]} == 0 )) || kubectl_admin delete "${names[@]}"
    kubectl_admin delete -n default "$emptied" --all --grace-period=1
    kubectl_admin delete -n default services --field-selector metadata.name!=kubernetes
    kubectl_admin delete -n default configmaps --field-selector metadata.name!=kube-root-ca.crt
    # The service account of that name comes back by itself, without the pull secrets that tests gave it.
    kubectl_admin delete -n default serviceaccounts --all
  } >> "$LOG_DIR/kubectl.log" 2>&1
  wait_until 20 "the default service account" kubectl_admin get serviceaccount default -n default
}

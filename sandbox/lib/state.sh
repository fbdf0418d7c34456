# Where the sandbox keeps its state, and the names and addresses that follow from that place.
# Two checkouts have two state folders, thus two namespaces and two subnets, and never meet.

SANDBOX_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
STATE_DIR=$(realpath -m "${BERTH_SANDBOX_DIR:-$SANDBOX_HOME/../.sandbox}")
LOG_DIR=$STATE_DIR/log
PID_DIR=$STATE_DIR/pid
CERT_DIR=$STATE_DIR/certificates
CONFIG_DIR=$STATE_DIR/config

STATE_HASH=$(printf '%s' "$STATE_DIR" | sha256sum | cut -c1-6)
NAMESPACE=berth-$STATE_HASH
HOST_LINK=bh-$STATE_HASH
NODE_LINK=bn-$STATE_HASH

# 198.18.0.0/15 is set aside for test networks (RFC 2544); each sandbox takes one /24 of it.
SUBNET=198.18.$(( 16#${STATE_HASH:0:2} ))
HOST_IP=$SUBNET.1
NODE_IP=$SUBNET.2
# Where the ingress controller answers, if there is one: the address of its Service, as a cloud's load balancer has one.
INGRESS_IP=$SUBNET.3
INGRESS_MARK=$STATE_DIR/with-ingress
RELEASES_DIR=$STATE_DIR/cert-manager-releases

POD_CIDR=10.244.0.0/16
SERVICE_CIDR=10.96.0.0/16
KUBERNETES_SERVICE_IP=10.96.0.1
DNS_SERVICE_IP=10.96.0.10

ZONE_NAME=sandbox.test
REGION=eu-central-1
OIDC_HOST=oidc.eks.$REGION.amazonaws.com/id

make_state_folders() {
  mkdir -p "$LOG_DIR" "$PID_DIR" "$CERT_DIR" "$CONFIG_DIR"
  chmod 700 "$STATE_DIR"
  # The state holds keys and large files: never in a commit, never in a backup by accident.
  printf '*\n' > "$STATE_DIR/.gitignore"
}

# write_file FILE: standard input into FILE, which is left alone if that changes nothing: kube-proxy ends when its file is
# touched, and CoreDNS loads its own anew.
write_file() {
  cat > "$1.new"
  if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi
}

# The node: containerd with its network and its trust, the kubelet, kube-proxy, and the images that no one can pull here.

CONTAINERD_SOCKET=/run/containerd/containerd.sock
IMAGE_DIR=$STATE_DIR/images
BUSYBOX_IMAGE=docker.io/library/busybox:1.35
# The same under the name that the provider takes for granted.
HTTPD_IMAGE=docker.io/library/busybox:1.37
REGISTRY_IMAGE=docker.io/library/registry:3
# What the node trusts beside the CAs of here, by registry: empty at first.
CERTS_FOLDER=$CONFIG_DIR/certs.d
PAUSE_IMAGE=docker.io/library/sandbox-pause:1

write_containerd_config() {
  local snapshotter=overlayfs
  # An overlay cannot lie on an overlay, as in a CI job that is itself a container.
  [[ $(stat -f -c %T "$STATE_DIR") != overlayfs ]] || snapshotter=native
  write_file "$CONFIG_DIR/containerd.toml" <<END
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "$CONTAINERD_SOCKET"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$PAUSE_IMAGE"
  # Else runc fails on /proc/self/oom_score_adj where the sandbox may not lower it.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "$snapshotter"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$(cni_folder)"
    conf_dir = "$CONFIG_DIR/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "$CERTS_FOLDER"
END
  mkdir -p "$CERTS_FOLDER"
}

# ptp, not bridge: each Pod has a routed link of its own, so replies pass the node even without the br_netfilter module.
write_cni_config() {
  mkdir -p "$CONFIG_DIR/cni"
  write_file "$CONFIG_DIR/cni/10-sandbox.conflist" <<END
{"cniVersion": "0.4.0", "name": "sandbox", "plugins": [
  {"type": "ptp", "ipMasq": false,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "$POD_CIDR"}]], "routes": [{"dst": "0.0.0.0/0"}], "dataDir": "/var/lib/cni/networks"}},
  {"type": "portmap", "capabilities": {"portMappings": true}, "snat": true}
]}
END
}

write_kubelet_config() {
  write_file "$CONFIG_DIR/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: "$OWN_CA.pem"}}
authorization: {mode: Webhook}
tlsCertFile: "$CERT_DIR/kubelet.pem"
tlsPrivateKeyFile: "$CERT_DIR/kubelet.key"
containerRuntimeEndpoint: "unix://$CONTAINERD_SOCKET"
resolvConf: "$CONFIG_DIR/pod-resolv.conf"
clusterDNS: ["$NODE_IP"]
clusterDomain: cluster.local
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
evictionHard: {}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
serializeImagePulls: false
# Each Pod must show that it may pull an image, even if the node has it; only those made here are free, by long and short
# name. By default an image pulled with a secret would lock everybody else out of the same image under its other names.
imagePullCredentialsVerificationPolicy: NeverVerifyAllowlistedImages
preloadedImagesVerificationAllowlist: ["docker.io/library/*", "library/*", busybox, registry, "quay.io/jetstack/*"]
# A test that waits for a mounted Secret to change should not wait a minute.
syncFrequency: 10s
END
  write_file "$CONFIG_DIR/kube-proxy.yaml" <<END
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clientConnection: {kubeconfig: "$CONFIG_DIR/kube-proxy.kubeconfig"}
clusterCIDR: "$POD_CIDR"
conntrack: {maxPerCore: 0, min: 0}
END
}

write_node_config() {
  write_containerd_config
  write_cni_config
  write_kubelet_config
}

# make_images: three images of one layer each, from programs of this machine, as docker-archives.
make_images() {
  local busybox registry archive=("$(moto_python)" "$SANDBOX_HOME/images/archive.py")
  busybox=$(command -v busybox)
  registry=$(tool_bin registry)/registry
  mkdir -p "$IMAGE_DIR"
  "${archive[@]}" busybox "$BUSYBOX_IMAGE" "$IMAGE_DIR/busybox.tar" "$busybox"
  "${archive[@]}" pause "$PAUSE_IMAGE" "$IMAGE_DIR/pause.tar" "$busybox"
  "${archive[@]}" registry "$REGISTRY_IMAGE" "$IMAGE_DIR/registry.tar" "$busybox" "$registry"
}

# For any registry host, containerd trusts what the sandbox's CAs sign with, and what the folder adds for one host. It reads
# the file at its first pull, and the folder at each.
start_containerd() { start_part containerd env SSL_CERT_FILE="$ALL_ROOTS" SSL_CERT_DIR=/nonexistent containerd --config "$CONFIG_DIR/containerd.toml"; }
containerd_ready() { inside ctr --address "$CONTAINERD_SOCKET" version; }

import_images() {
  local name
  for name in busybox pause registry; do
    import_image "$IMAGE_DIR/$name.tar"
  done
  inside ctr --address "$CONTAINERD_SOCKET" -n k8s.io images tag --force "$BUSYBOX_IMAGE" "$HTTPD_IMAGE" >> "$LOG_DIR/images.log" 2>&1 \
    || die "containerd gives $BUSYBOX_IMAGE no second name; look into $LOG_DIR/images.log"
}

import_image() {
  inside ctr --address "$CONTAINERD_SOCKET" -n k8s.io images import "$1" >> "$LOG_DIR/images.log" 2>&1 \
    || die "containerd refused $1; look into $LOG_DIR/images.log"
}

start_node() {
  start_part kubelet "$(kubernetes_bin kubelet)" --config="$CONFIG_DIR/kubelet.yaml" --hostname-override=node \
    --kubeconfig="$CONFIG_DIR/kubelet.kubeconfig" --node-ip="$NODE_IP" --root-dir=/var/lib/kubelet
  start_part kube-proxy "$(kubernetes_bin kube-proxy)" --config="$CONFIG_DIR/kube-proxy.yaml" --hostname-override=node
}

node_ready() {
  kubectl_admin get node node -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' | grep -qx True
}

# end_pods: containers and their shims outlive containerd by design. runc knows them all and takes their cgroups away too.
end_pods() {
  local runtime=/run/containerd/runc/k8s.io id
  is_running holder || return 0
  for id in $(inside runc --root "$runtime" list -q 2>/dev/null); do
    inside runc --root "$runtime" delete --force "$id" 2>/dev/null &
  done
  wait
}

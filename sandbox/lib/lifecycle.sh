# The commands that act on the sandbox as a whole: up, down, reset, status.

BASE_PARTS=(moto coredns pebble-main pebble-eab pebble-alternate pebble-short)
CLUSTER_PARTS=(etcd kube-apiserver kube-controller-manager kube-scheduler containerd kubelet kube-proxy)

check_machine() {
  [[ $(uname -s) == Linux ]] || die "the sandbox needs Linux; without it, point KUBECONFIG at a cluster of yours"
  (( EUID == 0 )) || die "the sandbox makes network namespaces and mounts and so needs root; without it, point KUBECONFIG at a cluster of yours"
}

sandbox_up() {
  local kind=with-cluster extras='' started=$SECONDS
  while (( $# )); do
    case $1 in
      --light) kind=light ;;
      --with) extras=${2:-}; shift ;;
      --with=*) extras=${1#--with=} ;;
      *) die "up knows --light and --with, not $1" ;;
    esac
    shift
  done
  check_machine
  make_state_folders
  exec 9> "$STATE_DIR/lock"
  flock -n 9 || { step "another up is at work here; waiting for it"; flock 9; }
  if all_running "$kind"; then
    step "already up"
  else
    prepare_tools "$kind"
    start_everything "$kind"
    step "up in $(( SECONDS - started )) s; the environment: eval \"\$($SANDBOX_HOME/sandbox env)\""
  fi
  [[ -z $extras ]] || add_extras "$extras"
  sandbox_status
}

# parts_of KIND
parts_of() {
  printf '%s\n' "${BASE_PARTS[@]}"
  [[ $1 != with-cluster ]] || printf '%s\n' "${CLUSTER_PARTS[@]}"
}

all_running() {
  local part
  [[ -s $STATE_DIR/environment ]] && is_running holder || return 1
  for part in $(parts_of "$1"); do
    is_running "$part" || return 1
  done
}

prepare_tools() {
  local name tools=("${BASE_TOOLS[@]}") commands=("${BASE_COMMANDS[@]}")
  if [[ $1 == with-cluster ]]; then
    tools+=("${NODE_TOOLS[@]}" kubectl)
    commands+=("${NODE_COMMANDS[@]}")
  fi
  need_commands "${commands[@]}"
  for name in "${tools[@]}"; do
    need_tool "$name"
  done
}

# start_everything KIND: what needs nothing starts first, so that the slow starters overlap.
start_everything() {
  make_namespace
  write_name_resolution
  make_certificates
  start_holder
  start_aws
  [[ $1 != with-cluster ]] || start_control_plane
  wait_until 30 "moto" aws_ready
  seed_aws
  write_corefile "$(corefile_kind "$1")"
  start_dns
  start_acme
  wait_until 20 "CoreDNS" dns_ready
  wait_for_acme
  [[ $1 != with-cluster ]] || finish_cluster
  write_environment "$(corefile_kind "$1")"
}

# corefile_kind KIND: a light `up` of a sandbox that has a cluster does not take the cluster away.
corefile_kind() { if is_running kube-apiserver; then printf 'with-cluster\n'; else printf '%s\n' "$1"; fi; }

start_control_plane() {
  write_cluster_config
  write_node_config
  start_etcd
  start_containerd
  start_apiserver
  make_images
}

wait_for_acme() {
  local ca
  for ca in "${!ACME_PORT[@]}"; do
    wait_until 20 "the $ca CA" acme_ready "$ca"
  done
  fetch_acme_roots
}

finish_cluster() {
  start_containerd
  wait_until 60 "containerd" containerd_ready
  import_images
  wait_until 60 "the Kubernetes API" apiserver_ready
  start_controllers
  start_node
  wait_until 30 "the base manifests" apply_manifests
  wait_until 60 "the node" node_ready
  wait_until 30 "the default service account" kubectl_admin get serviceaccount default -n default
}

sandbox_down() {
  check_machine
  [[ -d $STATE_DIR ]] || { step "nothing to end: there is no $STATE_DIR"; return 0; }
  ! inside_sandbox || die "this shell runs inside the sandbox; call down from outside"
  # The kubelet first, or it starts again what is being ended.
  stop_parts kubelet
  end_pods
  # shellcheck disable=SC2046  # a list of words
  stop_parts $(running_parts | grep -vx holder)
  stop_parts holder
  remove_namespace
  unmount_state
  find "$STATE_DIR" -mindepth 1 -maxdepth 1 ! -name log ! -name .gitignore -exec rm -rf --one-file-system {} +
  step "down; the logs stay in $LOG_DIR"
}

inside_sandbox() {
  local holder
  holder=$(process_of holder) && [[ $(readlink /proc/self/ns/net) == "$(readlink "/proc/$holder/ns/net")" ]]
}

sandbox_reset() {
  is_running holder || die "the sandbox is not up; start it with: $SANDBOX_HOME/sandbox up"
  seed_aws --reset
  ! is_running kube-apiserver || reset_cluster
  step "reset to the initial state"
}

sandbox_status() {
  local part
  if ! is_running holder; then
    step "not up (state folder $STATE_DIR)"
    return 1
  fi
  printf '%-24s %-8s %s\n' PART PROCESS STATE
  for part in "${BASE_PARTS[@]}" "${CLUSTER_PARTS[@]}"; do
    printf '%-24s %-8s %s\n' "$part" "$(process_of "$part" || printf -- -)" "$(part_state "$part")"
  done
  printf '%-24s %-8s %s\n' node - "$(is_running kubelet && { node_ready 2>/dev/null && printf ready || printf 'not ready'; } || printf 'not started')"
}

part_state() {
  is_running "$1" || { [[ -e $PID_DIR/$1 ]] && printf 'ended, see %s' "$LOG_DIR/$1.log" || printf 'not started'; return; }
  local ready=true
  case $1 in
    moto) ready=aws_ready ;;
    coredns) ready=dns_ready ;;
    pebble-*) ready="acme_ready ${1#pebble-}" ;;
    kube-apiserver) ready=apiserver_ready ;;
    kube-controller-manager|kube-scheduler) ready=controllers_ready ;;
    containerd) ready=containerd_ready ;;
  esac
  $ready >/dev/null 2>&1 && printf ready || printf 'not ready'
}

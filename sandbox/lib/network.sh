# The network namespace, its link to the host, and the holder process whose mounts every part shares.

make_namespace() {
  ! subnet_is_taken || die "another network of this machine is $SUBNET.0/24; set BERTH_SANDBOX_DIR to another folder"
  [[ -e /run/netns/$NAMESPACE ]] || ip netns add "$NAMESPACE"
  if ! ip link show "$HOST_LINK" >/dev/null 2>&1; then
    ip link add "$HOST_LINK" type veth peer name "$NODE_LINK" netns "$NAMESPACE"
    ip addr add "$HOST_IP/24" dev "$HOST_LINK"
    ip link set "$HOST_LINK" up
  fi
  ip -n "$NAMESPACE" link set lo up
  ip -n "$NAMESPACE" addr replace "$NODE_IP/24" dev "$NODE_LINK"
  ip -n "$NAMESPACE" link set "$NODE_LINK" up
  # The kubelet takes the address of the default route for the node's own. Nothing answers beyond the host.
  ip -n "$NAMESPACE" route replace default via "$HOST_IP"
}

subnet_is_taken() { ip -o -4 addr show | grep -F " $SUBNET." | grep -qvw "$HOST_LINK"; }

# write_name_resolution: what the holder binds over /etc: only the sandbox's DNS server is asked, in the plain way.
write_name_resolution() {
  printf 'nameserver 127.0.0.1\noptions timeout:2 attempts:2\n' > "$CONFIG_DIR/resolv.conf"
  printf 'nameserver %s\noptions timeout:2 attempts:2\n' "$NODE_IP" > "$CONFIG_DIR/pod-resolv.conf"
  printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n' > "$CONFIG_DIR/nsswitch.conf"
  printf '127.0.0.1 localhost\n::1 localhost\n' > "$CONFIG_DIR/hosts"
}

# start_holder: not by `ip netns exec`, which remounts /sys and so hides the cgroups from the kubelet.
start_holder() {
  is_running holder && return 0
  rm -f "$STATE_DIR/holder-ready"
  setsid unshare -m --propagation private nsenter --net="/run/netns/$NAMESPACE" \
    bash "$SANDBOX_HOME/lib/holder.sh" "$STATE_DIR" >> "$LOG_DIR/holder.log" 2>&1 < /dev/null 9>&- &
  remember_process holder $!
  disown
  wait_until 10 "the holder process" test -e "$STATE_DIR/holder-ready"
}

# remove_namespace: ends whatever still runs in it, then takes it down with its link.
remove_namespace() {
  local pids
  if [[ -e /run/netns/$NAMESPACE ]]; then
    for _ in 1 2 3; do
      pids=$(ip netns pids "$NAMESPACE")
      [[ -n $pids ]] || break
      # shellcheck disable=SC2086  # a list of ids
      kill -KILL $pids 2>/dev/null
      sleep 0.3
    done
    ip netns del "$NAMESPACE"
  fi
  ip link del "$HOST_LINK" 2>/dev/null || true
}

unmount_state() {
  local mountpoint
  # Deepest first. They are the holder's and went with it; what is left here was mounted by hand.
  findmnt -rno TARGET | grep -F "$STATE_DIR/" | sort -r | while read -r mountpoint; do
    umount -l "$(printf '%b' "$mountpoint")"
  done
}

# The process that keeps the sandbox's mounts alive: it binds the state folder's parts over the machine's well-known
# places, in a mount namespace of its own, and opens new volumes. Called with the state folder by start_holder.
set -eu
state=$1

# bind FOLDER PLACE: PLACE is made on the machine if it does not exist; it stays empty there.
bind() { mkdir -p "$state/$1" "$2"; mount --bind "$state/$1" "$2"; }
bind_file() { mount --bind "$state/config/$1" "$(readlink -f "/etc/$2")"; }

for file in resolv.conf nsswitch.conf hosts; do
  [[ -e /etc/$file ]] || touch "/etc/$file"
  bind_file "$file" "$file"
done

# Paths that containerd and the kubelet have built in; with these, two sandboxes or a host's own containerd never meet.
bind run/containerd /run/containerd
bind containerd /var/lib/containerd
bind kubelet /var/lib/kubelet
bind cni /var/lib/cni
bind log/pods /var/log/pods
bind log/containers /var/log/containers
bind volumes /tmp/hostpath_pv

# The kubelet propagates volume mounts into containers, which wants a shared mount point.
mount --make-rshared /var/lib/kubelet

echo 1 > /proc/sys/net/ipv4/ip_forward
touch "$state/holder-ready"
# The provisioner of the controller manager makes folders for root alone; those of other clusters are for any Pod.
while sleep 0.2; do
  chmod -f 777 "$state"/volumes/* || true
done

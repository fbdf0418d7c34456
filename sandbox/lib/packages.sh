# Programs that come from the distribution: which command lies in which Debian package, and installing what is missing.

declare -A PACKAGE_OF=(
  [ip]=iproute2 [nsenter]=util-linux [unshare]=util-linux [flock]=util-linux [openssl]=openssl [curl]=curl [jq]=jq
  [containerd]=containerd [ctr]=containerd [runc]=runc [nft]=nftables [iptables]=iptables [conntrack]=conntrack
  [socat]=socat [busybox]=busybox-static [dig]=bind9-dnsutils [skopeo]=skopeo [htpasswd]=apache2-utils
  [python3]=python3 [gcc]=gcc
)
BASE_COMMANDS=(ip nsenter unshare flock openssl curl jq python3 dig)
NODE_COMMANDS=(containerd ctr runc nft iptables conntrack socat busybox skopeo)
CNI_FOLDERS=(/usr/lib/cni /opt/cni/bin)

cni_folder() {
  local folder
  for folder in "${CNI_FOLDERS[@]}"; do
    [[ -x $folder/ptp && -x $folder/portmap && -x $folder/host-local ]] && printf '%s\n' "$folder" && return 0
  done
  return 1
}

has_venv() { python3 -c 'import venv, ensurepip' 2>/dev/null; }

missing_packages() {
  local command
  for command in "$@"; do
    have "$command" || printf '%s\n' "${PACKAGE_OF[$command]}"
  done
  has_venv || printf 'python3-venv\n'
  if [[ " $* " == *' containerd '* ]]; then
    cni_folder >/dev/null || printf 'containernetworking-plugins\n'
    is_static "$(command -v busybox)" || printf 'busybox-static\n'
  fi
}

# is_static FILE: true for a program that needs no shared library, which is what a one-file image needs.
is_static() { [[ -n $1 ]] && ! grep -qa '/lib64/ld-linux\|/lib/ld-' "$1"; }

# need_commands COMMAND…: installs the packages of those that are missing.
need_commands() {
  local packages
  mapfile -t packages < <(missing_packages "$@" | sort -u)
  (( ${#packages[@]} )) || return 0
  have apt-get || die "these are missing, and without apt-get they are yours to install: ${packages[*]}"
  step "installing packages: ${packages[*]}"
  apt-get update -qq >&2 || die "apt-get update failed"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" > "$LOG_DIR/apt.log" 2>&1 \
    || die "apt-get install failed; look into $LOG_DIR/apt.log"
}

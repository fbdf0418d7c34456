#!/usr/bin/env bash
# Helm cannot pull a chart by the reference that it has just printed for it, if its version has a `+`.
#
# The guess: what `helm push` prints as pushed is a name by which `helm pull`, `helm show` and `helm install` find the chart.
#
# What happens: Helm 3.19.4 pushes version 1.2.3+build.5 under the tag 1.2.3_build.5, as tags have no `+`, and prints
# "Pushed: HOST/PATH/app:1.2.3_build.5". By oci://HOST/PATH/app:1.2.3_build.5 it does not pull it ("improper constraint:
# 1.2.3_build.5": the tag is read as a version without turning the `_` back), and not by …:1.2.3+build.5 either ("invalid
# tag"). Only the name without a tag, with --version 1.2.3+build.5 beside it, is pulled; so is a version without `+` by its tag.
#
# Why it matters: whoever hands one reference from the push to the install has one that works until the first version with
# build metadata. Name and version are two values.
set -euo pipefail
dir=$(mktemp -d)
registry=
trap '[ -z "$registry" ] || kill "$registry"; rm -rf "$dir"' EXIT
cd "$dir"

GOBIN=$dir/bin GOFLAGS=-mod=mod go install helm.sh/helm/v3/cmd/helm@v3.19.4
GOBIN=$dir/bin CGO_ENABLED=0 go install github.com/distribution/distribution/v3/cmd/registry@v3.1.1

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >config.yml <<YAML
version: 0.1
storage: { filesystem: { rootdirectory: '$dir/data' } }
http: { addr: '127.0.0.1:$port' }
YAML
OTEL_TRACES_EXPORTER=none bin/registry serve config.yml >registry.log 2>&1 &
registry=$!
until curl -fs "http://127.0.0.1:$port/v2/" >/dev/null; do sleep 0.1; done

export HELM_CACHE_HOME=$dir/cache HELM_CONFIG_HOME=$dir/config HELM_DATA_HOME=$dir/share
place=oci://127.0.0.1:$port/charts
mkdir app
for version in 1.2.3+build.5 1.2.4; do
  printf 'apiVersion: v2\nname: app\nversion: %s\n' "$version" >app/Chart.yaml
  bin/helm package app >/dev/null
  bin/helm push "app-$version.tgz" "$place" --plain-http >"push-$version.log" 2>&1
done

expect() {
  grep -qF "$2" "$1" || { echo "changed: no \"$2\" in $1:"; cat "$1"; exit 1; }
}
refused() {
  if bin/helm pull "$1" --plain-http -d pulled >pull.log 2>&1; then echo "changed: $1 is pulled"; exit 1; fi
  expect pull.log "$2"
}

expect push-1.2.3+build.5.log "Pushed: 127.0.0.1:$port/charts/app:1.2.3_build.5"
mkdir pulled
refused "$place/app:1.2.3_build.5" "improper constraint: 1.2.3_build.5"
refused "$place/app:1.2.3+build.5" 'invalid tag "1.2.3+build.5"'
bin/helm pull "$place/app" --version 1.2.3+build.5 --plain-http -d pulled >pull.log 2>&1
test -f pulled/app-1.2.3+build.5.tgz
bin/helm pull "$place/app:1.2.4" --plain-http -d pulled >pull.log 2>&1
test -f pulled/app-1.2.4.tgz
echo "as described: Helm 3.19.4 does not pull by the reference that it printed"

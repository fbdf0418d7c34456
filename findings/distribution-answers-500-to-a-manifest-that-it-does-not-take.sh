#!/usr/bin/env bash
# The CNCF registry answers 500 to a manifest with layers that are kept elsewhere, and 400 to one whose layer is missing.
#
# The guess: a manifest that a registry does not take is the client's fault, with a status of 4xx: MANIFEST_INVALID, or
# MANIFEST_BLOB_UNKNOWN as of any layer that is not there. A 5xx is the server in trouble, and the same request may do later.
#
# What happens: distribution 3.1.1, as it is configured by default, refuses an OCI manifest whose non-distributable layer has
# `urls` with status 500. The errors are UNKNOWN, UNKNOWN with the detail "invalid URL on layer", and MANIFEST_BLOB_UNKNOWN.
# Which URLs are valid says `validation.manifests.urls.allow`; by default none is. In a Docker manifest (schema 2) it is the
# Docker type of such layers that is looked at so, while the OCI type there, and the Docker type in an OCI manifest, are
# ordinary layers: their `urls` say nothing, and 400 says that the blob is unknown. With the host allowed, both are taken.
#
# Why it matters: clients repeat a push after a 5xx. The push of a Windows image waits until their patience ends, and tells
# of a server in trouble; what helps is a setting of the registry, whose name no answer mentions.
set -euo pipefail
dir=$(mktemp -d)
running=()
trap 'for pid in "${running[@]}"; do kill "$pid"; done; rm -rf "$dir"' EXIT
cd "$dir"

GOBIN=$dir/bin GOFLAGS=-mod=mod CGO_ENABLED=0 go install github.com/distribution/distribution/v3/cmd/registry@v3.1.1

# serve NAME MORE: a registry with more in its configuration; its address in NAME.port
serve() {
  local port
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  cat >"$1.yml" <<YAML
version: 0.1
storage: { inmemory: {} }
http: { addr: '127.0.0.1:$port' }
$2
YAML
  OTEL_TRACES_EXPORTER=none bin/registry serve "$1.yml" >"$1.log" 2>&1 &
  running+=("$!")
  until curl -fs "http://127.0.0.1:$port/v2/" >/dev/null; do sleep 0.1; done
  echo "$port" >"$1.port"
}
serve usual ''
serve allowing 'validation: { manifests: { urls: { allow: ["^https://layers\\.example/"] } } }'

cat >push.py <<'PYTHON'
import hashlib, json, sys, urllib.error, urllib.request

base = f"http://127.0.0.1:{sys.argv[1]}"
OCI, DOCKER = "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"
OCI_APART = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
DOCKER_APART = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"


def ask(method, url, body=None, headers={}):
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


config = b'{"architecture":"amd64","os":"windows","rootfs":{"type":"layers","diff_ids":[]}}'
digest = "sha256:" + hashlib.sha256(config).hexdigest()
place = ask("POST", f"{base}/v2/app/blobs/uploads/")[1]["Location"]
place += ("&" if "?" in place else "?") + "digest=" + digest
assert ask("PUT", place, config, {"Content-Type": "application/octet-stream"})[0] == 201

for name, kind, layer, urls in [
    ("an OCI manifest with a layer that is missing", OCI, "application/vnd.oci.image.layer.v1.tar+gzip", None),
    ("an OCI manifest with an OCI layer kept elsewhere", OCI, OCI_APART, ["https://layers.example/1"]),
    ("an OCI manifest with a Docker layer kept elsewhere", OCI, DOCKER_APART, ["https://layers.example/1"]),
    ("a Docker manifest with a Docker layer kept elsewhere", DOCKER, DOCKER_APART, ["https://layers.example/1"]),
    ("a Docker manifest with an OCI layer kept elsewhere", DOCKER, OCI_APART, ["https://layers.example/1"]),
]:
    of_config = "application/vnd.oci.image.config.v1+json" if kind == OCI else "application/vnd.docker.container.image.v1+json"
    entry = {"mediaType": layer, "digest": "sha256:" + "1" * 64, "size": 3, **({"urls": urls} if urls else {})}
    manifest = {"schemaVersion": 2, "mediaType": kind, "layers": [entry],
                "config": {"mediaType": of_config, "digest": digest, "size": len(config)}}
    status, _, answer = ask("PUT", f"{base}/v2/app/manifests/1", json.dumps(manifest).encode(), {"Content-Type": kind})
    errors = json.loads(answer)["errors"] if answer else []
    print(f"{name}: {status}", *[" ".join(filter(None, [it["code"], it.get("detail") if it["code"] == "UNKNOWN" else None])) for it in errors], sep="; ")
PYTHON
python3 push.py "$(cat usual.port)" >usual.txt
python3 push.py "$(cat allowing.port)" >allowing.txt

elsewhere='UNKNOWN; UNKNOWN invalid URL on layer; MANIFEST_BLOB_UNKNOWN'
cat >usual.expected <<END
an OCI manifest with a layer that is missing: 400; MANIFEST_BLOB_UNKNOWN
an OCI manifest with an OCI layer kept elsewhere: 500; $elsewhere
an OCI manifest with a Docker layer kept elsewhere: 400; MANIFEST_BLOB_UNKNOWN
a Docker manifest with a Docker layer kept elsewhere: 500; $elsewhere
a Docker manifest with an OCI layer kept elsewhere: 400; MANIFEST_BLOB_UNKNOWN
END
sed -e 's/\(an OCI manifest with an OCI.*\): 500.*/\1: 201/; s/\(a Docker manifest with a Docker.*\): 500.*/\1: 201/' usual.expected >allowing.expected
for of in usual allowing; do
  diff "$of.expected" "$of.txt" || { echo "changed: what distribution answers ($of)"; exit 1; }
done
echo "as described: distribution 3.1.1 answers 500 to a manifest whose layers are kept elsewhere"

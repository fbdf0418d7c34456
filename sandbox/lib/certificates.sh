# The sandbox's own CA: it signs what the CA server, the Kubernetes API and nothing else present. It is made once per
# state folder and is not the CA that issues certificates to users; that one is pebble's and new with each start.

OWN_CA=$CERT_DIR/sandbox-ca

make_own_ca() {
  [[ -s $OWN_CA.pem ]] && return 0
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=Sandbox CA" \
    -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
    -keyout "$OWN_CA.key" -out "$OWN_CA.pem" 2>> "$LOG_DIR/openssl.log"
}

# issue_own NAME SUBJECT [ALTERNATIVE_NAMES]: NAME.pem and NAME.key, signed by the sandbox's own CA.
issue_own() {
  local file=$CERT_DIR/$1 extensions
  [[ -s $file.pem ]] && return 0
  extensions="extendedKeyUsage=serverAuth,clientAuth"
  [[ -z ${3:-} ]] || extensions+=$'\n'"subjectAltName=$3"
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" -keyout "$file.key" -out "$file.csr" 2>> "$LOG_DIR/openssl.log"
  openssl x509 -req -in "$file.csr" -CA "$OWN_CA.pem" -CAkey "$OWN_CA.key" -set_serial "0x$(openssl rand -hex 16)" -days 3650 \
    -extfile <(printf '%s\n' "$extensions") -out "$file.pem" 2>> "$LOG_DIR/openssl.log"
}

make_certificates() {
  make_own_ca
  issue_own acme "/CN=acme" "IP:127.0.0.1,IP:$NODE_IP,DNS:localhost,DNS:acme.$ZONE_NAME"
  issue_own apiserver "/CN=kubernetes" \
    "IP:127.0.0.1,IP:$NODE_IP,IP:$KUBERNETES_SERVICE_IP,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
  issue_own apiserver-client "/O=system:masters/CN=apiserver"
  issue_own kubelet "/CN=node" "IP:$NODE_IP,IP:127.0.0.1"
  [[ -s $CERT_DIR/service-account.key ]] || openssl genrsa -out "$CERT_DIR/service-account.key" 2048 2>> "$LOG_DIR/openssl.log"
}

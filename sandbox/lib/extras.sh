# What `up --with` adds to the cluster: cert-manager and an ingress controller, built, wrapped into images and installed.

# add_extras NAME,NAME…
add_extras() {
  local name
  is_running kube-apiserver || die "--with needs the cluster; leave --light out"
  for name in ${1//,/ }; do
    case $name in
      ingress) add_ingress ;;
      cert-manager) add_cert_manager ;;
      cert-manager-releases) add_cert_manager_releases ;;
      *) die "--with knows ingress, cert-manager and cert-manager-releases, not $name" ;;
    esac
  done
}

# import_program REFERENCE PROGRAM: an image that runs one static program.
import_program() {
  local archive=$IMAGE_DIR/${2##*/}.tar
  "$(moto_python)" "$SANDBOX_HOME/images/archive.py" program "$1" "$archive" "$(command -v busybox)" "$2" || die "no image of $2"
  import_image "$archive"
}

# install_manifest FILE VERSION: a manifest of cluster/.
install_manifest() {
  sed -e "s/VERSION/$2/" "$SANDBOX_HOME/cluster/$1.yaml" | kubectl_admin apply --server-side -f - >> "$LOG_DIR/kubectl.log" 2>&1 \
    || die "the manifest of $1 was refused; look into $LOG_DIR/kubectl.log"
}

is_rolled_out() { kubectl_admin -n "$1" rollout status deployment --timeout=1s; }

add_ingress() {
  local version
  version=v$(tool_version traefik)
  need_tool traefik
  step "installing Traefik $version"
  import_program "docker.io/library/traefik:$version" "$(tool_bin traefik)/traefik"
  install_gateway_api
  install_manifest ingress "$version"
  give_ingress_address
  wait_until 60 "Traefik" is_rolled_out traefik
  wait_until 30 "Traefik at $INGRESS_IP" ingress_answers
  touch "$INGRESS_MARK"
  write_environment with-cluster
}

install_gateway_api() {
  kubectl_admin apply --server-side -f "$(tool_folder traefik)/crds" >> "$LOG_DIR/kubectl.log" 2>&1 || die "the CRDs of the Gateway API were refused"
}

# give_ingress_address: what a cloud does for a Service of type LoadBalancer. kube-proxy then leads the address to the Pods,
# so that ports 80 and 443 of the node stay free. No link has it; the host is told the way.
give_ingress_address() {
  kubectl_admin patch service traefik -n traefik --subresource=status --type=merge \
    -p "{\"status\": {\"loadBalancer\": {\"ingress\": [{\"ip\": \"$INGRESS_IP\"}]}}}" >> "$LOG_DIR/kubectl.log" 2>&1 \
    || die "the ingress controller's Service takes no address; look into $LOG_DIR/kubectl.log"
  ip route replace "$INGRESS_IP" via "$NODE_IP" dev "$HOST_LINK"
}

# ingress_answers: with 404, since there is no Ingress yet.
ingress_answers() { [[ $(inside curl -s -o /dev/null -w '%{http_code}' --max-time 2 "http://$INGRESS_IP/") == 404 ]]; }

# import_cert_manager TOOL: the images of a release, under their usual names.
import_cert_manager() {
  local program
  for program in $(tool_commands "$1"); do
    import_program "quay.io/jetstack/cert-manager-$program:$(tool_version "$1")" "$(tool_bin "$1")/$program"
  done
}

add_cert_manager() {
  local version
  version=$(tool_version cert-manager)
  need_tool cert-manager
  step "installing cert-manager $version"
  import_cert_manager cert-manager
  kubectl_admin apply --server-side -f "$(tool_folder cert-manager)/crds" >> "$LOG_DIR/kubectl.log" 2>&1 || die "the CRDs were refused"
  install_manifest cert-manager "$version"
  wait_until 90 "cert-manager" is_rolled_out cert-manager
  wait_until 60 "cert-manager's webhook" webhook_answers
}

# webhook_answers: its certificate is injected a moment after it is ready; until then every object is refused.
webhook_answers() {
  kubectl_admin apply --dry-run=server -f - <<'END'
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: probe, namespace: default}
spec: {selfSigned: {}}
END
}

# add_cert_manager_releases: two releases that can be installed, and nothing that is: their images, and the manifests that a
# release publishes, former.yaml and current.yaml.
add_cert_manager_releases() {
  mkdir -p "$RELEASES_DIR"
  need_tool helm
  release_of cert-manager-former former
  release_of cert-manager current
  write_environment with-cluster
}

# release_of TOOL NAME: its namespace, its CRDs and what its chart makes of the defaults, which is what the project publishes.
release_of() {
  local version chart
  version=$(tool_version "$1")
  # A cache of an earlier checkout has the programs alone.
  [[ -d $(tool_folder "$1")/chart ]] || rm -f "$(tool_folder "$1")/complete"
  need_tool "$1"
  step "importing the images of cert-manager $version"
  import_cert_manager "$1"
  chart=$RELEASES_DIR/$2-chart
  rm -rf "$chart"
  cp -r "$(tool_folder "$1")/chart" "$chart"
  {
    cat "$chart/namespace.yaml"
    for file in "$(tool_folder "$1")"/crds/*.yaml; do echo ---; cat "$file"; done
    "$(tool_bin helm)/helm" template cert-manager "$chart" --namespace cert-manager --kube-version "$(tool_version kubernetes)" --set startupapicheck.enabled=false
  } > "$RELEASES_DIR/$2.yaml" 2>> "$LOG_DIR/kubectl.log" || die "no manifest of cert-manager $version; look into $LOG_DIR/kubectl.log"
  rm -rf "$chart"
}

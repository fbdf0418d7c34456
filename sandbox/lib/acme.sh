# Four CAs of the pebble kind: the main one (profiles, renewal information, a blocked name), one that demands an
# external account binding, one with a longer chain and alternate roots, and a hasty one: certificates of six days or of
# seconds, validated at once, no word on when to ask again, and every second request refused for its nonce.

# CA -> its port; the management port is 1000 above.
declare -A ACME_PORT=([main]=14000 [eab]=14010 [alternate]=14020 [short]=14030)
EAB_KEY_ID=sandbox-key-1
EAB_HMAC_KEY=zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W
ALL_ROOTS=$CERT_DIR/all-roots.pem
BLOCKED_NAME=blocked.$ZONE_NAME

write_acme_config() {
  local ca=$1 port=${ACME_PORT[$1]} eab=false keys='{}' lifetime=7776000 other=shortlived other_lifetime=518400 pause=1
  [[ $ca != short ]] || { lifetime=518400; other=momentary; other_lifetime=15; pause=0; }
  [[ $ca != eab ]] || { eab=true; keys="{\"$EAB_KEY_ID\": \"$EAB_HMAC_KEY\"}"; }
  write_file "$CONFIG_DIR/pebble-$ca.json" <<END
{
  "pebble": {
    "listenAddress": "0.0.0.0:$port",
    "managementListenAddress": "0.0.0.0:$(( port + 1000 ))",
    "certificate": "$CERT_DIR/acme.pem",
    "privateKey": "$CERT_DIR/acme.key",
    "httpPort": 80,
    "tlsPort": 443,
    "ocspResponderURL": "",
    "externalAccountBindingRequired": $eab,
    "externalAccountMACKeys": $keys,
    "domainBlocklist": ["$BLOCKED_NAME"],
    "retryAfter": {"authz": $pause, "order": $pause},
    "keyAlgorithm": "ecdsa",
    "profiles": {
      "default": {"description": "$(( lifetime / 86400 )) days", "validityPeriod": $lifetime},
      "$other": {"description": "$other_lifetime seconds", "validityPeriod": $other_lifetime}
    }
  }
}
END
}

start_acme() {
  local ca roots chain pretend
  for ca in "${!ACME_PORT[@]}"; do
    write_acme_config "$ca"
    roots=0 chain=1
    [[ $ca != alternate ]] || { roots=2; chain=2; }
    # One second of pretended work per validation, and one request in twenty refused for its nonce, as a real CA does.
    pretend=(PEBBLE_VA_SLEEPTIME=1 PEBBLE_WFE_NONCEREJECT=5)
    [[ $ca != short ]] || pretend=(PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=50)
    start_part "pebble-$ca" env "${pretend[@]}" PEBBLE_AUTHZREUSE=0 \
      PEBBLE_ALTERNATE_ROOTS="$roots" PEBBLE_CHAIN_LENGTH="$chain" \
      "$(tool_bin pebble)/pebble" -strict -dnsserver 127.0.0.1:53 -config "$CONFIG_DIR/pebble-$ca.json"
  done
}

acme_ready() { inside curl -fsS -o /dev/null --max-time 2 --cacert "$OWN_CA.pem" "https://$NODE_IP:${ACME_PORT[$1]}/dir"; }

# fetch_acme_roots: what each CA signs with, and all of it in one file for those who trust the sandbox as a whole.
# A CA that was started anew has a new root, which a containerd that has read the file before does not know.
fetch_acme_roots() {
  local ca index management
  for ca in "${!ACME_PORT[@]}"; do
    management=https://$NODE_IP:$(( ${ACME_PORT[$ca]} + 1000 ))
    inside curl -fsS --cacert "$OWN_CA.pem" "$management/roots/0" > "$CERT_DIR/root-$ca.pem" || die "no root from the $ca CA"
  done
  for index in 1 2; do
    inside curl -fsS --cacert "$OWN_CA.pem" "https://$NODE_IP:$(( ${ACME_PORT[alternate]} + 1000 ))/roots/$index" \
      > "$CERT_DIR/root-alternate-$index.pem" || die "no alternate root $index"
  done
  cat "$CERT_DIR"/root-*.pem > "$ALL_ROOTS.new"
  [[ ! -s $ALL_ROOTS ]] || cmp -s "$ALL_ROOTS" "$ALL_ROOTS.new" || stop_parts containerd
  mv "$ALL_ROOTS.new" "$ALL_ROOTS"
}

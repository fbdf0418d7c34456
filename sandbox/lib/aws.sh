# moto as AWS: started on all addresses, then given its initial objects.

AWS_PORT=5000
AWS_ENDPOINT=http://$NODE_IP:$AWS_PORT
REQUEST_LOG=$STATE_DIR/aws-requests.log
SEED_FILE=$STATE_DIR/aws-objects.env
# Calls with this key are the sandbox's own and stay out of the request log.
OWN_ACCESS_KEY=AKIASANDBOXITSELF000

moto_python() { printf '%s/python\n' "$(tool_bin moto)"; }

as_sandbox() {
  AWS_ACCESS_KEY_ID=$OWN_ACCESS_KEY AWS_SECRET_ACCESS_KEY=sandbox AWS_REGION=$REGION AWS_DEFAULT_REGION=$REGION \
    AWS_ENDPOINT_URL=http://127.0.0.1:$AWS_PORT AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null "$@"
}

start_aws() {
  start_part moto "$(moto_python)" "$SANDBOX_HOME/aws/server.py" "$AWS_PORT" "$REQUEST_LOG" "$OWN_ACCESS_KEY"
}

aws_ready() { inside curl -fsS -o /dev/null --max-time 2 "http://127.0.0.1:$AWS_PORT/moto-api/config"; }

# seed_aws [--reset]: fills SEED_FILE with the ids of what `env` exports.
seed_aws() {
  as_sandbox inside "$(moto_python)" "$SANDBOX_HOME/aws/seed.py" "$@" "$NODE_IP" > "$SEED_FILE.new" \
    || die "moto could not be given its initial objects"
  mv "$SEED_FILE.new" "$SEED_FILE"
}

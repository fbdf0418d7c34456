# What the sandbox prints, and how it waits: every line for people goes to stderr, so that stdout stays free for values.

say() { printf '%s\n' "$*" >&2; }
step() { printf 'sandbox: %s\n' "$*" >&2; }
die() { printf 'sandbox: error: %s\n' "$*" >&2; exit 1; }

have() { command -v "$1" >/dev/null 2>&1; }

# wait_until SECONDS WHAT COMMAND…: polls COMMAND; on time-out names WHAT and the log that may tell why.
wait_until() {
  local limit=$1 what=$2 deadline
  shift 2
  deadline=$(( $(date +%s) + limit ))
  until "$@" >/dev/null 2>&1; do
    (( $(date +%s) < deadline )) || die "$what was not ready within ${limit} s; look into $LOG_DIR"
    sleep 0.2
  done
}

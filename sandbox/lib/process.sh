# Starting, finding and ending the sandbox's processes. Each part is one process with a file PID_DIR/PART holding
# its id and start time, so that an id which the kernel gave to somebody else is never taken for ours.

# start_time PID: the kernel's start tick of a process; empty when it is gone or only waits to be reaped.
start_time() { sed -E 's/^.*\) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" {print $20}'; }

remember_process() { printf '%s %s\n' "$2" "$(start_time "$2")" > "$PID_DIR/$1"; }

process_of() {
  local pid started
  read -r pid started 2>/dev/null < "$PID_DIR/$1" || return 1
  [[ -n $started && $(start_time "$pid") == "$started" ]] || return 1
  printf '%s\n' "$pid"
}

is_running() { process_of "$1" >/dev/null; }

# inside COMMAND…: runs in the sandbox's network and mounts, from the caller's folder.
inside() {
  local holder
  holder=$(process_of holder) || die "the sandbox is not up; start it with: $SANDBOX_HOME/sandbox up"
  nsenter -t "$holder" -m -n -w"$PWD" -- "$@"
}

# start_part PART COMMAND…: starts a process inside the sandbox that outlives this shell; does nothing if it runs.
start_part() {
  local part=$1 holder
  shift
  is_running "$part" && return 0
  holder=$(process_of holder) || die "the holder process is gone; run: $SANDBOX_HOME/sandbox down"
  step "starting $part"
  # Descriptor 9 is the lock of `up`; a child that kept it would hold the lock for ever.
  setsid nsenter -t "$holder" -m -n -w"$STATE_DIR" -- "$@" >> "$LOG_DIR/$part.log" 2>&1 < /dev/null 9>&- &
  remember_process "$part" $!
  disown
}

# stop_parts PART…: asks all of them, waits for up to 5 s, then insists.
stop_parts() {
  local part pid tries
  for part in "$@"; do
    pid=$(process_of "$part") && kill -TERM "$pid" 2>/dev/null
  done
  for (( tries = 0; tries < 50; tries++ )); do
    any_running "$@" || break
    sleep 0.1
  done
  for part in "$@"; do
    pid=$(process_of "$part") && kill -KILL "$pid" 2>/dev/null
    rm -f "$PID_DIR/$part"
  done
}

any_running() {
  local part
  for part in "$@"; do
    is_running "$part" && return 0
  done
  return 1
}

running_parts() {
  local file
  for file in "$PID_DIR"/*; do
    [[ -e $file ]] && is_running "${file##*/}" && printf '%s\n' "${file##*/}"
  done
}

#!/bin/sh
# Keeps on a node what its container runtime reads of registries. Written for busybox.
#
# PLAN has a line for each file: its path below HOST, its name below FILES, and its path on the node, with tabs between.
# What was written is noted in each folder under the name of OWNER, so that it is taken away when the plan names it no more, and nothing else ever is.
# STATUS gets `ready` when all is as planned, else `why`.
set -u
tab=$(printf '\t')
marker=.berth-$OWNER

say() {
  why="$why$1
"
}

# planned PATH: whether the plan names a file.
planned() {
  while IFS=$tab read -r path rest <&3; do
    [ "$path" = "$1" ] && return 0
  done 3<"$PLAN"
  return 1
}

# ours FOLDER NAME: whether we have written a file.
ours() {
  grep -qxF -e "$2" "$1/$marker" 2>/dev/null
}

# keep PATH SOURCE SHOWN: a file becomes what is planned, all of it at once.
keep() {
  target=$HOST/$1
  source=$FILES/$2
  folder=${target%/*}
  name=${target##*/}
  cmp -s "$source" "$target" && return
  if [ -e "$target" ] && ! ours "$folder" "$name"; then
    say "$3 was written by somebody else"
    return
  fi
  mkdir -p "$folder" || { say "the folder of $3 cannot be made"; return; }
  ours "$folder" "$name" || printf '%s\n' "$name" >>"$folder/$marker" || { say "$3 cannot be written"; return; }
  { cp "$source" "$target.$OWNER" && chmod 0644 "$target.$OWNER" && mv -f "$target.$OWNER" "$target"; } \
    || say "$3 cannot be written"
}

# tidy MARKER: takes away what a folder has of ours and the plan does not name any more.
tidy() {
  folder=${1%/*}
  below=${folder#"$HOST"/}
  kept=
  gone=
  while read -r name <&4; do
    if planned "$below/$name"; then
      kept="$kept$name
"
    else
      gone="$gone $name"
    fi
  done 4<"$1"
  # What names the certificates goes before them: where they are missing, pulls end.
  case "$gone " in *' hosts.toml '*) rm -f "$folder/hosts.toml" ;; esac
  for name in $gone; do
    rm -f "$folder/$name"
  done
  if [ -n "$kept" ]; then
    printf %s "$kept" >"$1.new" && mv -f "$1.new" "$1"
  else
    rm -f "$1"
    rmdir "$folder" 2>/dev/null
  fi
}

# Before version 3 of its configuration, containerd reads no folders unless it is told to.
reads_folders() {
  [ -n "${CONFIG:-}" ] && [ -f "$CONFIG" ] || return 0
  grep -Eq '^[[:space:]]*(config_path[[:space:]]*=[[:space:]]*.*[^"[:space:]]|imports|version[[:space:]]*=[[:space:]]*3)' "$CONFIG" \
    || say "containerd reads no such folders: ${CONFIG_SHOWN:-$CONFIG} has no config_path of a registry"
}

round() {
  why=
  for list in "$HOST"/*/*/"$marker"; do
    [ -e "$list" ] && tidy "$list"
  done
  while IFS=$tab read -r path source shown <&5; do
    keep "$path" "$source" "$shown"
  done 5<"$PLAN"
  reads_folders
  if [ -z "$why" ]; then
    rm -f "$STATUS/why"
    : >"$STATUS/ready"
  else
    rm -f "$STATUS/ready"
    printf %s "$why" >"$STATUS/why"
    # An empty line ends what a round says.
    printf '%s\n' "$why"
  fi
}

if [ "${1:-}" = once ]; then
  round
  exit
fi
trap 'exit 0' TERM INT
while :; do
  round
  sleep "${PAUSE:-30}" &
  wait $!
done

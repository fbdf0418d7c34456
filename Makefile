# The two commands of this project are `make demo` and `make test`. Both install and build what they need.
.PHONY: demo demo-down test lint docs bench build install

demo: ## one apply, from nothing to a Pod that runs an image of the private registry
	examples/pipeline/demo up

demo-down: ## destroy what the demo made, prove that nothing is left, and end the sandbox
	examples/pipeline/demo down

test: ## everything, as CI does: lints, unit, protocol, service and acceptance tests
	tests/run

lint: ## formatting and clippy
	tests/run lint

docs: ## write docs/ anew from the schema, the templates and the examples
	cargo xtask docs

build: ## the provider, as it is released
	cargo build --release --bin terraform-provider-berth

install: build ## to where `terraform init` and `tofu init` look without being told
	cargo xtask install

bench: ## measure against the budgets, and write bench/RESULTS.md; PEER_AWS=path PEER_ACME=path measures those too
	PEER_AWS=$(PEER_AWS) PEER_ACME=$(PEER_ACME) bench/run

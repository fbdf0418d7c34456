#!/usr/bin/env bash
# `cargo test` compiles what `cargo build --all-targets` has just built once more, if a member of the workspace is a macro.
#
# The guess: `cargo build --workspace --all-targets` builds all that `cargo test --workspace` runs, so that the second begins
# at once: the profile `test` inherits everything from `dev`.
#
# What happens: with `debug = "line-tables-only"` (or any other debug information) in the profile `dev`, cargo 1.95.0 gives a
# crate of procedural macros that information when it is a target of the command, which `--all-targets` makes it. Where it is
# only what others are built with, as for `cargo test`, it has none. These are two crates to cargo, and so is everything that
# depends on either: the whole workspace is compiled twice and kept twice. No message says why. With `debug = false` for the
# macros' own package, in both commands, nothing is compiled again.
#
# Why it matters: a script that builds first and tests then, so that a failed build is told as one, doubles its time; for
# this project it was three minutes of each run, and gigabytes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export CARGO_TARGET_DIR=$dir/target CARGO_INCREMENTAL=0
unset RUSTC_WORKSPACE_WRAPPER RUSTFLAGS

crate() {
  mkdir -p "$1/src"
  printf '[package]\nname = "%s"\nversion = "0.1.0"\nedition = "2024"\n%s\n' "$1" "$2" > "$1/Cargo.toml"
  printf '%s\n' "$3" > "$1/src/lib.rs"
}
workspace() { printf '[workspace]\nmembers = ["macros", "library"]\nresolver = "3"\n[profile.dev]\ndebug = "line-tables-only"\n%s\n' "$1" > Cargo.toml; }
crate macros $'[lib]\nproc-macro = true' 'use proc_macro::TokenStream;
#[proc_macro_derive(Nothing)]
pub fn nothing(_: TokenStream) -> TokenStream { TokenStream::new() }'
crate library $'[dependencies]\nmacros = { path = "../macros" }' '#[derive(macros::Nothing)] pub struct Thing;'

# compiled_again: what `cargo test` compiles after `cargo build --all-targets`.
compiled_again() {
  rm -rf target
  cargo build --quiet --offline --workspace --all-targets
  cargo test --offline --workspace --no-run 2>&1 | sed -n 's/^ *Compiling \([a-z]*\) .*/\1/p' | sort | xargs
}

workspace ''
as_it_is=$(compiled_again)
workspace $'[profile.dev.package.macros]\ndebug = false'
without=$(compiled_again)

echo "cargo: $(cargo --version)"
echo "compiled again by cargo test:                        ${as_it_is:-nothing}"
echo "compiled again with debug = false for the macros:    ${without:-nothing}"
[[ $as_it_is == "library macros" && -z $without ]] || { echo "cargo does otherwise now" >&2; exit 1; }

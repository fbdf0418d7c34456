#!/usr/bin/env bash
# serde-saphyr 2.0.0: a number with a leading zero becomes a float in a JSON value, though it is no number for an integer.
#
# The guess: `0644` is 644 by YAML 1.2's core schema, 420 by YAML 1.1 (and for everything that reads manifests with
# sigs.k8s.io/yaml, as kubectl does), or a text; whichever it is, it is the same for every type that asks.
#
# What happens: asked for an i64 it is an error ("invalid i64"); asked for a serde_json::Value it is 644.0, a float, in silence,
# while `yes` beside it is `true` as in YAML 1.1 and `0o644` is 420. Go's sigs.k8s.io/yaml 1.6.0 reads 420. With the option
# `legacy_octal_numbers` it is 420, but `09`, which is no octal number, is 9.0 still (Go: the integer 9).
#
# Why it matters: `defaultMode: 0644` stands in many manifests. Read into a JSON value and sent to an API server it is 644.0,
# which the server refuses for an integer field, or, where the field is of any type, keeps with another meaning.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"

mkdir -p rust/src go
cat >rust/Cargo.toml <<'TOML'
[package]
name = "reads"
version = "0.1.0"
edition = "2024"
[dependencies]
serde-saphyr = { version = "=2.0.0", default-features = false, features = ["serialize", "deserialize"] }
serde_json = "1"
TOML
cat >rust/src/main.rs <<'RUST'
fn main() {
    let number: Result<i64, _> = serde_saphyr::from_str("0644");
    println!("i64: {}", number.map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned()).unwrap_err());
    let text = "{mode: 0644, nine: 09, octal: 0o644, flag: yes}";
    println!("value: {}", serde_saphyr::from_str::<serde_json::Value>(text).unwrap());
    let legacy = serde_saphyr::options! { legacy_octal_numbers: true };
    println!("legacy: {}", serde_saphyr::from_str_with_options::<serde_json::Value>(text, legacy).unwrap());
}
RUST
cat >go/go.mod <<'MOD'
module reads

go 1.24
MOD
cat >go/main.go <<'GO'
package main

import (
	"fmt"

	"sigs.k8s.io/yaml"
)

func main() {
	json, err := yaml.YAMLToJSON([]byte("{mode: 0644, nine: 09, octal: 0o644, flag: yes}"))
	fmt.Println("go:", string(json), err)
}
GO
(cd go && go get sigs.k8s.io/yaml@v1.6.0 2>/dev/null)
seen=$(cargo run --quiet --manifest-path rust/Cargo.toml && cd go && go run .)
wanted='i64: error: line 1 column 1: invalid i64
value: {"flag":true,"mode":644.0,"nine":9.0,"octal":420}
legacy: {"flag":true,"mode":420,"nine":9.0,"octal":420}
go: {"flag":true,"mode":420,"nine":9,"octal":420} <nil>'
diff <(echo "$wanted") <(echo "$seen") && echo "as described"

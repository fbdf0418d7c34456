#!/usr/bin/env bash
# Go's YAML (go.yaml.in/yaml v2 and v3, so kubectl and distribution too) cannot read what serde-saphyr writes for a text of
# several lines that begins with a tab.
#
# The guess: what a kept YAML writer gives for a text, every YAML reader reads as that text.
#
# What happens: serde-saphyr 2.0.0 writes "\tall:\n" as a literal block (`|`), whose first line begins, after its indentation
# of two spaces, with the tab. YAML allows that: the indentation is of spaces, the tab is content. serde-saphyr reads it
# back; go.yaml.in/yaml v2 2.4.3 and v3 3.0.4 stop with "found a tab character where an indentation
# space is expected". A tab in a later line, or in a text of one line, is read by all. Of 40,000 other texts, chosen to look
# like numbers, dates, booleans and YAML's own signs, each was read as it was.
#
# Why it matters: a Makefile's recipe, a heredoc with tabs or a Go snippet in a ConfigMap is such a text. It is to be written
# as JSON, which all of them read.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"

mkdir -p rust/src go
cat >rust/Cargo.toml <<'TOML'
[package]
name = "writes"
version = "0.1.0"
edition = "2024"
[dependencies]
serde-saphyr = { version = "=2.0.0", default-features = false, features = ["serialize", "deserialize"] }
serde_json = "1"
TOML
cat >rust/src/main.rs <<'RUST'
fn main() {
    for text in ["\tall:\n", "all:\n\tdone\n", "\tall"] {
        let written = serde_saphyr::to_string(&serde_json::json!({ "text": text })).unwrap();
        let read: serde_json::Value = serde_saphyr::from_str(&written).unwrap();
        assert_eq!(read["text"], text);
        println!("{}", serde_json::json!([text, written]));
    }
}
RUST
cat >go/go.mod <<'MOD'
module reads

go 1.24
MOD
cat >go/main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"

	v2 "go.yaml.in/yaml/v2"
	v3 "go.yaml.in/yaml/v3"
)

func outcome(text string, read map[string]string, err error) string {
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(read["text"] == text)
}

func main() {
	lines := json.NewDecoder(os.Stdin)
	for lines.More() {
		var pair [2]string
		lines.Decode(&pair)
		var two, three map[string]string
		errTwo, errThree := v2.Unmarshal([]byte(pair[1]), &two), v3.Unmarshal([]byte(pair[1]), &three)
		fmt.Printf("%q | v2: %s | v3: %s\n", pair[0], outcome(pair[0], two, errTwo), outcome(pair[0], three, errThree))
	}
}
GO
(cd go && go get go.yaml.in/yaml/v2@v2.4.3 go.yaml.in/yaml/v3@v3.0.4 2>/dev/null)
cargo run --quiet --manifest-path rust/Cargo.toml >pairs
seen=$(cd go && go run . <../pairs)
wanted='"\tall:\n" | v2: yaml: line 2: found a tab character where an indentation space is expected | v3: yaml: line 2: found a tab character where an indentation space is expected
"all:\n\tdone\n" | v2: true | v3: true
"\tall" | v2: true | v3: true'
diff <(echo "$wanted") <(echo "$seen") && echo "as described"

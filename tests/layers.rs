//! The layers of `src/`: who may use whom. Reads the paths in the code and fails on an arrow that points the wrong way.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

/// Our own and the framework's: `lib.rs` names those of `tfplugin` again.
const BASE: &[&str] = &["explain", "codes", "clock", "env", "owner", "retry", "digest", "secret"];
/// Crates that speak to a remote; only a client knows them by name.
const REMOTES: &[&str] = &[
    "aws_config",
    "aws_sdk_",
    "aws_smithy_",
    "hickory_resolver",
    "hyper",
    "hyper_rustls",
    "hyper_util",
    "k8s_openapi",
    "kube",
    "oci_client",
    "reqwest",
];
const GRPC: &[&str] = &["prost", "prost_types", "tonic", "tonic_prost"];
const ASYNC: &[&str] = &["async", "await", "tokio", "futures_util", "tokio_util"];
/// What a function of the configuration language must not depend on: its answer follows from its arguments alone.
const IMPURE: &[&str] = &["Cx", "Clock", "random", "SystemTime", "Instant"];

/// What the modules of one layer may use, and which crates and words they must not name.
struct Layer {
    modules: &'static [&'static str],
    may_use: &'static [&'static [&'static str]],
    must_not_name: &'static [&'static [&'static str]],
}

/// Every top-level module belongs to one layer; modules of the same layer may use each other.
const LAYERS: &[Layer] = &[
    Layer { modules: BASE, may_use: &[], must_not_name: &[REMOTES, GRPC] },
    Layer { modules: &["domain"], may_use: &[BASE], must_not_name: &[REMOTES, GRPC, ASYNC] },
    Layer { modules: &["clients"], may_use: &[BASE, &["domain"]], must_not_name: &[GRPC] },
    Layer {
        // `Cx` leads to the clients by the provider's own type.
        modules: &["resources", "data", "ephemeral", "actions"],
        may_use: &[BASE, &["sdk", "domain", "clients", "provider"]],
        must_not_name: &[REMOTES, GRPC],
    },
    Layer {
        modules: &["functions"],
        may_use: &[&["explain", "digest", "secret", "sdk", "domain"]],
        must_not_name: &[REMOTES, GRPC, ASYNC, IMPURE],
    },
    Layer {
        modules: &["provider", "catalogue"],
        may_use: &[BASE, &["sdk", "domain", "clients", "resources", "data", "functions", "ephemeral", "actions"]],
        must_not_name: &[REMOTES, GRPC],
    },
    Layer {
        modules: &["cli"],
        may_use: &[BASE, &["sdk", "domain", "clients", "provider"]],
        must_not_name: &[REMOTES, GRPC],
    },
    // The roots join all layers.
    Layer { modules: &["main", "lib"], may_use: LAYER_NAMES, must_not_name: &[REMOTES] },
];
const LAYER_NAMES: &[&[&str]] = &[
    BASE,
    &["domain", "sdk", "clients", "resources", "data", "ephemeral", "actions", "functions", "plugin"],
    &["provider", "catalogue", "cli"],
];

#[test]
fn every_arrow_points_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for file in rust_files(&root) {
        let name = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        wrong.extend(wrong_arrows(&name, &fs::read_to_string(&file).unwrap()));
    }
    assert!(wrong.is_empty(), "wrong arrows:\n{}", wrong.join("\n"));
}

/// What the framework knows nothing of, in its tests and comments as well.
const PRODUCT: &[&str] = &["berth", "aws", "acme", "kubernetes", "kube", "route53", "irsa"];

#[test]
fn the_framework_does_not_know_the_provider() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    let mut wrong = Vec::new();
    for file in rust_files(&crates) {
        for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            // The library of cryptography is called after who made it.
            let line = line.to_lowercase().replace("aws_lc_rs", "").replace("aws-lc-rs", "");
            let words: Vec<_> = line.split(|c: char| !c.is_alphanumeric()).collect();
            if PRODUCT.iter().any(|product| words.contains(product)) {
                wrong.push(format!("{}:{}: {line}", file.display(), number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_wrong_arrow_is_caught() {
    let caught = |file: &str, code: &str| wrong_arrows(file, code).len();
    assert_eq!(caught("domain/dns.rs", "use crate::clients::aws;"), 1);
    assert_eq!(caught("domain/dns.rs", "use crate::{digest::hex, sdk::{Value, Type}, retry};"), 1);
    assert_eq!(caught("domain/dns.rs", "fn f() { let x = crate::plugin::proto::f(); }"), 1);
    assert_eq!(caught("domain/dns.rs", "pub async fn f() {}"), 1);
    assert_eq!(caught("clients/aws.rs", "use crate::\n    sdk::Value;"), 1);
    assert_eq!(caught("resources/x.rs", "use aws_sdk_route53::Client;"), 1);
    assert_eq!(caught("resources/x.rs", "use ::kube::{Api, Client};"), 1);
    assert_eq!(caught("functions/x.rs", "use crate::{clock::Clock, sdk::Cx};"), 3);
    assert_eq!(caught("provider.rs", "pub use tonic::Status;"), 1);
    assert_eq!(caught("misc.rs", "fn f() {}"), 1);
}

#[test]
fn a_right_arrow_is_not() {
    let fine = |file: &str, code: &str| assert_eq!(wrong_arrows(file, code), [] as [String; 0]);
    fine("domain/dns.rs", "use crate::{digest, domain::{names, zone::{self, Zone}}};");
    fine(
        "domain/dns.rs",
        "// use crate::sdk::Value;\n/* crate::clients /* kube:: */ */ const A: &str = \"crate::plugin\";",
    );
    fine(
        "domain/dns.rs",
        "const A: &str = r#\"\"crate::plugin\"\"#; const B: char = '\"'; fn f<'a>(x: &'a str) {} use crate::retry;",
    );
    fine("resources/x.rs", "use crate::{clients::aws::Route53, sdk::Resource}; struct Kube { kube: u8 }");
    fine("main.rs", "use crate::sdk; use super::kube; use self::tls::Hyper; use tonic::Status;");
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// What is wrong in one file, whose path is relative to `src/`.
fn wrong_arrows(file: &str, code: &str) -> Vec<String> {
    let module = file.split(['/', '.']).next().unwrap();
    let Some(layer) = LAYERS.iter().find(|layer| layer.modules.contains(&module)) else {
        return vec![format!("src/{file}: `{module}` is in no layer: give it one in tests/layers.rs")];
    };
    let tokens = tokens(code);
    let used = used_modules(&tokens)
        .into_iter()
        .filter(|(_, used)| *used != module && !layer.modules.contains(used) && !layer.may_use.concat().contains(used));
    let named = tokens.iter().enumerate().filter_map(|(index, token)| {
        let word = token.word()?;
        let forbidden = layer.must_not_name.concat().iter().any(|name| is_named(name, word, index, &tokens));
        forbidden.then_some((token.line, word))
    });
    used.map(|(line, used)| format!("src/{file}:{line}: `{module}` must not use `crate::{used}`"))
        .chain(named.map(|(line, word)| format!("src/{file}:{line}: `{module}` must not name `{word}`")))
        .collect()
}

/// Whether the word at `index` means `name`: a crate at the start of a path, a keyword, or a type anywhere.
/// A name that ends with `_` stands for all crates that begin so.
fn is_named(name: &str, word: &str, index: usize, tokens: &[Token<'_>]) -> bool {
    let matches = if name.ends_with('_') { word.starts_with(name) } else { word == name };
    if !matches || name.starts_with(char::is_uppercase) || matches!(name, "async" | "await") {
        return matches;
    }
    let follows_path = index >= 1 && tokens[index - 1].text == "::";
    let starts_path = !follows_path || index < 2 || tokens[index - 2].word().is_none_or(|word| word == "use");
    starts_path && tokens.get(index + 1).is_some_and(|next| matches!(next.text, "::" | ";"))
}

/// The top-level modules named by `crate::module` and `crate::{module, …}`, with their lines.
fn used_modules<'a>(tokens: &[Token<'a>]) -> Vec<(usize, &'a str)> {
    let mut used = Vec::new();
    for (index, pair) in tokens.windows(2).enumerate() {
        if (pair[0].text, pair[1].text) == ("crate", "::") {
            used.extend(heads(&tokens[index + 2..]));
        }
    }
    used
}

/// The first words of the paths that `tokens` begin with: one, or one for each member of a group.
fn heads<'a>(tokens: &[Token<'a>]) -> Vec<(usize, &'a str)> {
    let mut heads = Vec::new();
    let mut depth = 0_usize;
    let mut expects_head = true;
    for token in tokens {
        match token.text {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            "," => expects_head = depth == 1,
            _ if expects_head => {
                heads.push((token.line, token.text));
                expects_head = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    heads
}

/// A word or a piece of punctuation.
#[derive(Clone, Copy)]
struct Token<'a> {
    line: usize,
    text: &'a str,
}

impl<'a> Token<'a> {
    fn word(&self) -> Option<&'a str> {
        self.text.starts_with(is_word).then_some(self.text)
    }
}

impl fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.text)
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The tokens of Rust code without its comments and literals of text.
fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = code;
    let mut line = 1;
    while let Some(c) = rest.chars().next() {
        let skipped = ignored(rest);
        if skipped > 0 {
            line += rest[..skipped].matches('\n').count();
            rest = &rest[skipped..];
            continue;
        }
        let length = match c {
            _ if rest.starts_with("::") => 2,
            _ if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => c.len_utf8(),
        };
        tokens.push(Token { line, text: &rest[..length] });
        rest = &rest[length..];
    }
    tokens
}

/// How many bytes at the start of `code` are space, a comment or a literal of text.
fn ignored(code: &str) -> usize {
    if code.starts_with(char::is_whitespace) {
        return code.find(|c: char| !c.is_whitespace()).unwrap_or(code.len());
    }
    if code.starts_with("//") {
        return code.find('\n').unwrap_or(code.len());
    }
    if code.starts_with("/*") {
        return block_comment(code);
    }
    if let Some(raw) = code.strip_prefix('r').or_else(|| code.strip_prefix("br")) {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = hashes + 1;
            return code.len() - raw.len() + raw[body..].find(&end).map_or(raw.len(), |at| body + at + end.len());
        }
    }
    match code.chars().next() {
        Some('"') => quoted(code, '"'),
        // A quote that closes within a character or an escape is a literal; else it begins a lifetime.
        Some('\'') if code[1..].starts_with('\\') || code.chars().nth(2) == Some('\'') => quoted(code, '\''),
        _ => 0,
    }
}

fn block_comment(code: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < code.len() {
        let rest = &code[at..];
        depth = if rest.starts_with("/*") {
            at += 2;
            depth + 1
        } else if rest.starts_with("*/") {
            at += 2;
            depth - 1
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            depth
        };
        if depth == 0 {
            return at;
        }
    }
    code.len()
}

fn quoted(code: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in code.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    code.len()
}

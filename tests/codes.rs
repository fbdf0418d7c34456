//! The codes of messages: those of the source are those of `src/codes`, each with one meaning, and retry rules follow them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use berth::{
    codes::{Again, Code, FAMILIES, all},
    provider::ABOUT,
};

/// Codes that stand at several places of the source, which were compared: they mean the same, and the same helps. A code
/// that is missing here was given twice by chance: give one of the two a new number.
const SHARED: &[&str] = &[
    "BERTH-ACME-003", // nothing answers, no way there
    "BERTH-ACME-009", // no account with the key: told by the CA in an answer, or by a look-up
    "BERTH-ACME-019", // the CA's refusal, and what no other variant tells
    "BERTH-ACME-030", // none or several, an empty one
    "BERTH-ACME-034", // the key's file, the key's variable
    "BERTH-ACME-039",
    "BERTH-ACME-057", // of a certificate, of an order
    "BERTH-ACME-058", // of a certificate, of an order
    "BERTH-ACME-091", // each way in which the world asks another zone
    "BERTH-ACME-092", // a loop, a dangling one, one out of reach
    "BERTH-ACME-093", // where the provider writes, where the user does
    "BERTH-ACME-095", // the zone itself, its twin
    "BERTH-AWS-001",  // of the chain, of the environment
    "BERTH-AWS-005",  // of any name, of a managed policy
    "BERTH-AWS-006",  // told by AWS, or by an empty answer: role, provider, cluster, association
    "BERTH-AWS-020",  // of a provider, of an association
    "BERTH-AWS-022",  // statements, tags
    "BERTH-AWS-023",
    "BERTH-AWS-024",
    "BERTH-AWS-026", // of a role, of a provider
    "BERTH-AWS-036", // what AWS advises against: a port, no audience
    "BERTH-AWS-040", // a role, an association
    "BERTH-CHECK-001",
    "BERTH-CM-003", // an issuer, a certificate: an id that is none, an object that is not there
    "BERTH-CM-004", // each way of an issuer, of a certificate
    "BERTH-CM-005", // the file is missing, cannot be read, is none of a release
    "BERTH-CM-006", // another digest, another version
    "BERTH-CM-010", // what is hit, minors leapt over, a way back
    "BERTH-CM-013", // an id that is none, a Secret that holds none
    "BERTH-CM-014", // unreadable, absent, too large
    "BERTH-DNS-009",
    "BERTH-K8S-085",   // of a configuration, of what it turned out to be
    "BERTH-K8S-087",   // says nothing, fits nothing
    "BERTH-K8S-089",   // an id that is none, an object that is not there, one of another manifest
    "BERTH-LOGIN-001", // of a file, of a token: host, user, password, CA
    "BERTH-LOGIN-003", // each way in which a registry refuses
    "BERTH-LOGIN-004", // no answer, a late one
    "BERTH-OCI-001",   // what is not named so that it is found: a file, an image in it, a platform, a place
    "BERTH-OCI-002",   // of files, of a manifest
    "BERTH-OCI-004",   // in trouble, asked too often
    "BERTH-OCI-006",   // each way in which a registry refuses
    "BERTH-OCI-007",   // while it is sent, before it
    "BERTH-OCI-008",   // told by the registry, by the state
    "BERTH-OCI-010",   // an interrupt, the end of the time
    "BERTH-OCI-015",   // of an image, of a chart
    "BERTH-OCI-016",   // the chart itself, those that it needs
    "BERTH-OCI-018",   // a folder that is not packed, what cannot be taken
    "BERTH-PULL-001",
    "BERTH-PULL-002",
    "BERTH-REG-001",
    "BERTH-REG-002",
    "BERTH-REG-003",
    "BERTH-REG-005",
    "BERTH-ROUTE53-020", // of each type of record
    "BERTH-ROUTE53-021",
    "BERTH-ROUTE53-022",
    "BERTH-ROUTE53-023",
    "BERTH-ROUTE53-024",
    "BERTH-ROUTE53-026",
    "BERTH-ROUTE53-035", // what AWS documents otherwise: of a type, of a place
    "BERTH-SDK-010",     // a check of an attribute, an empty one
    "BERTH-SDK-013",     // refreshed, moved
    "BERTH-SDK-017",     // an element, a member
];

/// Where messages are made.
const SOURCES: [&str; 2] = ["src", "crates/tfplugin/src"];
/// How long the words of an entry may be: they are read in a table.
const LONGEST: usize = 300;

#[test]
fn every_code_of_the_source_is_registered_and_every_entry_is_used() {
    let used = sites();
    let used: BTreeSet<_> = used.keys().map(String::as_str).collect();
    let registered: BTreeSet<_> = all().map(|code| code.code).collect();
    let missing: Vec<_> = used.difference(&registered).collect();
    assert!(missing.is_empty(), "give these an entry in src/codes: {missing:?}");
    let idle: Vec<_> = registered.difference(&used).collect();
    assert!(idle.is_empty(), "no message has these codes of src/codes: {idle:?}");
}

#[test]
fn no_code_has_two_meanings() {
    let mut seen = BTreeMap::new();
    for code in all() {
        assert_eq!(seen.insert(code.code, code), None, "{} has two entries", code.code);
    }
    let sites = sites();
    let several: BTreeSet<_> = sites.iter().filter(|(_, places)| places.len() > 1).collect();
    let unlooked: Vec<_> = several.iter().filter(|(code, _)| !SHARED.contains(&code.as_str())).collect();
    assert!(unlooked.is_empty(), "compare the meanings, then give a new number or list it in SHARED: {unlooked:#?}");
    let single: Vec<_> = SHARED.iter().filter(|code| sites.get(**code).is_none_or(|places| places.len() < 2)).collect();
    assert!(single.is_empty(), "these stand at one place only: {single:?}");
}

#[test]
fn families_and_numbers_are_in_form() {
    let names: Vec<_> = FAMILIES.iter().map(|family| family.name).collect();
    assert!(names.is_sorted(), "{names:?}");
    for family in FAMILIES {
        for code in family.codes() {
            let number = code.code.strip_prefix(&format!("BERTH-{}-", family.name)).unwrap_or_default();
            let fits = number.len() == 3 && number.chars().all(|c| c.is_ascii_digit());
            assert!(fits, "{} is no code of the family {}", code.code, family.name);
        }
        for list in family.lists {
            assert!(list.is_sorted_by_key(|code| code.code), "{}: put the codes in order", family.name);
        }
    }
}

#[test]
fn entries_are_sentences_for_users() {
    for Code { code, meaning, remedy, .. } in all() {
        for text in [meaning, remedy] {
            let begins = text.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || c == '`' || c == 'b');
            assert!(begins && text.ends_with('.'), "{code}: {text}");
            assert!(text.chars().count() <= LONGEST, "{code}: {} characters: {text}", text.chars().count());
            assert!(!text.contains("  ") && !text.contains('|') && !text.contains('\n'), "{code}: {text}");
        }
    }
}

#[test]
fn papers_examples_and_tests_name_codes_that_exist() {
    let registered: BTreeSet<_> = all().map(|code| code.code).collect();
    let mut wrong = Vec::new();
    for folder in ["templates", "examples", "tests", "sandbox"] {
        for path in files(&root().join(folder)) {
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let unknown = codes_in(&text).into_iter().filter(|code| !registered.contains(code.as_str()));
            wrong.extend(unknown.map(|code| format!("{}: {code}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn retry_rules_of_the_example_are_those_that_may_help() {
    let rules = fs::read_to_string(root().join("examples/terragrunt/root.hcl")).unwrap();
    let rules = rules.split_once("errors {").expect("the example has retry rules").1;
    let named: BTreeSet<_> = codes_in(rules).into_iter().collect();
    let passing = all().filter(|code| code.again == Again::MayHelp).map(|code| code.code.to_owned());
    assert_eq!(named, passing.collect(), "left: the rules; right: the codes that may pass by themselves");
    for line in rules.lines().filter(|line| line.contains("BERTH-")) {
        // Codes are written out: a pattern might match more than it names.
        assert!(line.trim().starts_with("\"(?s).*BERTH-") && line.trim().ends_with(".*\","), "{line}");
    }
}

#[test]
fn the_scan_sees_literals_and_neither_comments_nor_tests() {
    let source = "/// Like `BERTH-ACME-004`.\nfn f() { g(\"BERTH-DNS-001\", 1) }\n#[cfg(test)]\nmod tests {\n    \"BERTH-DNS-002\"\n}\n";
    assert_eq!(codes_in(&uncommented(without_tests(source))), ["BERTH-DNS-001"]);
    assert_eq!(codes_in(&with_prefix("f(\"SDK-005\", \"x SDK-006\")")), ["BERTH-SDK-005"]);
    assert_eq!(codes_in("BERTH-NNN BERTH-ACME-12 BERTH-K8S-0123 x BERTH-K8S-012."), ["BERTH-K8S-012"]);
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where each code stands in the source, as `file:line`; the lists themselves and tests do not count.
fn sites() -> BTreeMap<String, Vec<String>> {
    let mut sites = BTreeMap::<_, Vec<_>>::new();
    for path in SOURCES.iter().flat_map(|folder| files(&root().join(folder))) {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        let is_test = name.ends_with("tests.rs") || name.contains("/tests/");
        if is_test || name.starts_with("src/codes") || path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in uncommented(without_tests(&text)).lines().enumerate() {
            for code in codes_in(&with_prefix(line)) {
                sites.entry(code).or_default().push(format!("{name}:{}", number + 1));
            }
        }
    }
    sites
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() && !is_hidden {
            found.extend(files(&path));
        } else if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The code without its modules of tests, which stand last.
fn without_tests(code: &str) -> &str {
    let is_module = |at: usize| code[at..].lines().nth(1).is_some_and(|line| line.ends_with('{'));
    let begins = code.match_indices("#[cfg(test)]\nmod ").map(|(at, _)| at).find(|at| is_module(*at));
    begins.map_or(code, |at| &code[..at])
}

/// The lines without those that are comments.
fn uncommented(code: &str) -> String {
    let lines = code.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

/// The framework's codes stand in its source without the provider's prefix.
fn with_prefix(code: &str) -> String {
    code.replace("\"SDK-", &format!("\"{}-SDK-", ABOUT.codes))
}

/// All codes in a text, as often as they stand there.
fn codes_in(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("BERTH-") {
        let rest = &text[at + "BERTH-".len()..];
        let family = rest.find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit()).unwrap_or(rest.len());
        let Some(number) = rest[family..].strip_prefix('-') else { continue };
        let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
        if family > 0 && digits == 3 {
            found.push(format!("BERTH-{}-{}", &rest[..family], &number[..digits]));
        }
    }
    found
}

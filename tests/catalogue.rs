//! What a type needs beside its code: examples, a page of the reference, an acceptance test.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use berth::catalogue::catalogue;
use berth::domain::cluster_permissions;
use berth::domain::permissions::{ENTRIES, Sort};
use berth::sdk::{Kind, Mode, Shape};

#[test]
fn every_type_has_its_examples_its_page_and_an_acceptance_test() {
    let expected = expected_files();
    let tested = acceptance_tests();
    let mut missing: Vec<String> = expected.iter().filter(|file| !root().join(file).is_file()).cloned().collect();
    missing.extend(calls().into_iter().filter(|call| !tested.contains(call)).map(|call| {
        format!(
            "a test in tests/acceptance, or a part of examples/pipeline, which it runs, that says `{}`",
            call.trim_end()
        )
    }));
    assert!(missing.is_empty(), "the catalogue lacks:\n{}", missing.join("\n"));
}

#[test]
fn every_example_is_of_a_type_that_exists() {
    let expected: BTreeSet<PathBuf> = expected_files().iter().map(PathBuf::from).collect();
    let kinds = Kind::ALL.map(folder).into_iter().chain(["functions"]);
    let folders = kinds.map(|kind| format!("examples/{kind}"));
    // `resource-WAY.tf` is another way of the type whose `resource.tf` lies beside it.
    let is_way = |file: &PathBuf| {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("resource-") && expected.contains(&file.with_file_name("resource.tf"))
    };
    let found = folders.flat_map(|folder| files(&folder));
    let of_nothing: Vec<_> = found.filter(|file| !expected.contains(file) && !is_way(file)).collect();
    assert!(of_nothing.is_empty(), "examples of nothing: {of_nothing:?}");
}

#[test]
fn every_type_says_what_it_needs_of_aws() {
    let catalogue = catalogue();
    let sort = |kind| match kind {
        Kind::Resource => Sort::Resource,
        Kind::Data => Sort::Data,
        Kind::Ephemeral => Sort::Ephemeral,
        Kind::List => Sort::List,
        Kind::Action => Sort::Action,
    };
    let types: Vec<_> = catalogue.types().map(|r#type| (sort(r#type.kind()), r#type.name())).collect();
    let entries: Vec<_> = ENTRIES.iter().map(|entry| (entry.sort, entry.name)).collect();
    let missing: Vec<_> = types.iter().filter(|ty| !entries.contains(ty)).collect();
    assert!(missing.is_empty(), "src/domain/permissions/table.rs lacks {missing:?}");
    let of_nothing: Vec<_> = entries.iter().filter(|entry| !types.contains(entry)).collect();
    assert!(of_nothing.is_empty(), "src/domain/permissions/table.rs knows types that do not exist: {of_nothing:?}");
}

#[test]
fn the_mocks_hold_what_each_type_computes_and_nothing_else() {
    let text = fs::read_to_string(root().join("examples/mocks/berth.tfmock.hcl")).unwrap();
    let catalogue = catalogue();
    let resources = catalogue.resources().map(|resource| ("mock_resource", resource.name(), resource.schema()));
    let data = catalogue.data_sources().map(|data| ("mock_data", data.name(), data.schema()));
    let mut wrong = Vec::new();
    for (kind, name, schema) in resources.chain(data) {
        let head = format!("{kind} \"{name}\" {{");
        let block = text.split_once(&head).and_then(|(_, rest)| rest.split("\n}").next()).unwrap_or_default();
        let mocked: BTreeSet<&str> = block
            .lines()
            .filter_map(|line| line.strip_prefix("    ")?.split_once(" ="))
            .map(|(name, _)| name.trim())
            .collect();
        let computed = schema.attributes.iter().filter(|a| a.mode == Mode::Computed && !a.sensitive);
        let (plain, nested): (Vec<_>, Vec<_>) = computed.partition(|a| matches!(a.shape, Shape::Plain(_)));
        let expected: BTreeSet<&str> = plain.iter().map(|a| a.name.as_str()).collect();
        wrong.extend(expected.difference(&mocked).map(|a| format!("{name}.{a} is not mocked")));
        let allowed = |a: &&&str| !nested.iter().any(|n| n.name == **a);
        wrong.extend(mocked.difference(&expected).filter(allowed).map(|a| format!("{name}.{a} is not computed")));
    }
    assert!(wrong.is_empty(), "examples/mocks/berth.tfmock.hcl:\n{}", wrong.join("\n"));
}

#[test]
fn every_type_says_what_it_needs_of_a_cluster() {
    let catalogue = catalogue();
    let types: BTreeSet<_> = catalogue
        .types()
        .map(|r#type| match r#type.kind() {
            Kind::Resource => r#type.name().to_owned(),
            kind => format!("{}.{}", kind.keyword(), r#type.name()),
        })
        .collect();
    let entries: BTreeSet<_> = cluster_permissions::ENTRIES.iter().map(|entry| entry.name.to_owned()).collect();
    assert_eq!(types, entries, "left: the catalogue; right: src/domain/cluster_permissions/table.rs");
}

/// The files that the catalogue asks for, relative to the project.
fn expected_files() -> Vec<String> {
    let catalogue = catalogue();
    let mut files = vec!["examples/provider/provider.tf".to_owned(), "docs/index.md".to_owned()];
    for r#type in catalogue.types() {
        let (name, folder) = (r#type.name(), folder(r#type.kind()));
        // Terraform reads lists in files of queries only.
        let ending = if r#type.kind() == Kind::List { "tfquery.hcl" } else { "tf" };
        files.push(format!("examples/{folder}/{name}/{}.{ending}", folder.trim_end_matches('s')));
        if !r#type.meta().import_id.is_empty() {
            files.push(format!("examples/{folder}/{name}/import.sh"));
        }
        if r#type.identity().is_some() {
            files.push(format!("examples/{folder}/{name}/import-by-identity.tf"));
        }
        files.push(format!("docs/{folder}/{}.md", short(name)));
    }
    for function in catalogue.functions() {
        files.push(format!("examples/functions/{}/function.tf", function.name()));
        files.push(format!("docs/functions/{}.md", function.name()));
    }
    files
}

/// The folder of a kind's pages and examples, as the registries name it.
fn folder(kind: Kind) -> &'static str {
    match kind {
        Kind::Resource => "resources",
        Kind::Data => "data-sources",
        Kind::Ephemeral => "ephemeral-resources",
        Kind::List => "list-resources",
        Kind::Action => "actions",
    }
}

/// How a configuration uses each type.
fn calls() -> Vec<String> {
    let catalogue = catalogue();
    let types = catalogue.types().map(|r#type| format!("{} \"{}\" ", r#type.kind().keyword(), r#type.name()));
    let functions = catalogue.functions().map(|function| format!("provider::berth::{}(", function.name()));
    types.chain(functions).collect()
}

/// All configurations that acceptance tests apply, and those in which Terraform calls a function while it judges the
/// examples. Rust writes a quote as `\"` unless the text is raw.
fn acceptance_tests() -> String {
    let folders = ["tests/acceptance", "examples/pipeline", "examples/functions"];
    let sources = folders.into_iter().flat_map(files);
    let texts = sources
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs" || extension == "tf"))
        .map(|file| fs::read_to_string(root().join(file)).unwrap());
    texts.collect::<String>().replace("\\\"", "\"")
}

/// The files below a folder, relative to the project; none if there is no such folder.
fn files(folder: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(root().join(folder)) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    let below = paths.flat_map(|path| {
        let relative = path.strip_prefix(root()).unwrap().to_owned();
        if path.is_dir() { files(relative.to_str().unwrap()) } else { vec![relative] }
    });
    below.collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A type's name without the provider's, as the registries name its page.
fn short(name: &str) -> &str {
    name.strip_prefix("berth_").unwrap_or(name)
}

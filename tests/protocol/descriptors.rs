//! Our protocol files against those of the Go libraries: same numbers, types, names and streams.

use std::collections::BTreeSet;

use prost::Message;
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};

use crate::helpers::helper;

const PROTOS: [&str; 3] = ["tfplugin6.proto", "go_plugin.proto", "health.proto"];
const PACKAGES: [&str; 3] = ["tfplugin6", "plugin", "grpc.health.v1"];

/// How terraform-plugin-go calls what Terraform's own file, which ours follows, calls otherwise.
const OTHER_NAMES: [(&str, &str); 6] = [
    (".ReadStateBytes.ResponseChunk", ".ReadStateBytes.Response"),
    (".tfplugin6.ValidateStateStoreConfig", ".tfplugin6.ValidateStateStore"),
    (".ValidateActionConfig.Request 1 action_type", ".ValidateActionConfig.Request 1 type_name"),
    (".GetMetadata.EphemeralResourceMetadata", ".GetMetadata.EphemeralMetadata"),
    (".GetStates.Response 1 state_ids", ".GetStates.Response 1 state_id"),
    (".StateByteRange", ".StateRange"),
];

/// What Terraform has and its Go library does not: the additions of protocol 6.11.
const ONLY_OURS: [&str; 4] = [
    ".tfplugin6.ClientCapabilities 3 store_planned_private: bool",
    ".tfplugin6.ClientCapabilities 4 computed_blocks_allowed: bool",
    ".tfplugin6.PlanResourceChange.Request 9 planned_private: bytes",
    ".tfplugin6.Schema.Block 8 computed: bool",
];

/// The messages of the one health method that no plugin has a use for.
const NOT_OURS: &str = ".grpc.health.v1.HealthList";

#[test]
#[ignore = "needs the helpers"]
fn the_messages_and_services_are_those_of_the_go_libraries() {
    let ours = facts(&ours());
    let theirs: BTreeSet<String> = facts(&of_the_go_libraries())
        .iter()
        .filter(|fact| !fact.contains(NOT_OURS))
        .map(|fact| in_our_words(fact))
        .collect();
    assert!(theirs.len() > 400, "the Go libraries registered only {} facts", theirs.len());
    let only_ours: Vec<_> = ours.difference(&theirs).map(String::as_str).collect();
    let only_theirs: Vec<_> = theirs.difference(&ours).map(String::as_str).collect();
    assert_eq!((only_ours, only_theirs), (ONLY_OURS.to_vec(), Vec::new()));
}

fn ours() -> FileDescriptorSet {
    protox::compile(PROTOS, [concat!(env!("CARGO_MANIFEST_DIR"), "/proto")]).unwrap()
}

fn of_the_go_libraries() -> FileDescriptorSet {
    let output = helper("descriptors").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    FileDescriptorSet::decode(output.stdout.as_slice()).unwrap()
}

fn in_our_words(fact: &str) -> String {
    OTHER_NAMES.iter().fold(fact.to_owned(), |fact, (theirs, ours)| fact.replace(theirs, ours))
}

/// Everything that travels or that a caller names, one line each.
fn facts(set: &FileDescriptorSet) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    for file in set.file.iter().filter(|file| PACKAGES.contains(&file.package())) {
        let package = format!(".{}", file.package());
        file.message_type.iter().for_each(|message| message_facts(&package, message, &mut facts));
        file.enum_type.iter().for_each(|kind| enum_facts(&package, kind, &mut facts));
        for service in &file.service {
            for method in &service.method {
                let stream = |streams: bool| if streams { "stream of " } else { "" };
                facts.insert(format!(
                    "{package}.{}/{}: {}{} to {}{}",
                    service.name(),
                    method.name(),
                    stream(method.client_streaming()),
                    method.input_type(),
                    stream(method.server_streaming()),
                    method.output_type(),
                ));
            }
        }
    }
    facts
}

fn message_facts(scope: &str, message: &DescriptorProto, facts: &mut BTreeSet<String>) {
    let name = format!("{scope}.{}", message.name());
    facts.insert(name.clone());
    for field in &message.field {
        facts.insert(format!("{name} {} {}: {}", field.number(), field.name(), field_type(message, field)));
    }
    message.nested_type.iter().for_each(|nested| message_facts(&name, nested, facts));
    message.enum_type.iter().for_each(|kind| enum_facts(&name, kind, facts));
}

fn enum_facts(scope: &str, kind: &EnumDescriptorProto, facts: &mut BTreeSet<String>) {
    for value in &kind.value {
        facts.insert(format!("{scope}.{} {} {}", kind.name(), value.number(), value.name()));
    }
}

fn field_type(message: &DescriptorProto, field: &FieldDescriptorProto) -> String {
    let kind = match field.type_name() {
        "" => field.r#type().as_str_name().trim_start_matches("TYPE_").to_lowercase(),
        name => name.to_owned(),
    };
    let label = match field.label().as_str_name() {
        "LABEL_REPEATED" => "repeated ",
        _ if field.proto3_optional() => "optional ",
        _ => "",
    };
    let real_oneof = field.oneof_index.filter(|_| !field.proto3_optional());
    let oneof = real_oneof.and_then(|index| message.oneof_decl.get(usize::try_from(index).ok()?));
    let oneof = oneof.map(|oneof| format!(" in {}", oneof.name())).unwrap_or_default();
    format!("{label}{kind}{oneof}")
}

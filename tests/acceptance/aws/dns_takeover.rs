//! One resource took a record over from another, and a run ended before that one was destroyed: the record stays.

use std::fs;

use berth::domain::dns::RecordType;
use serde_json::{Value, json};

use super::PROVIDER;
use super::own_zone::OwnZone;
use crate::workspace::{Cli, Workspace};

/// What a resource of each type says of one and the same record; a CNAME at `_acme-challenge.a`.
fn kinds(zone: &OwnZone, target: &OwnZone) -> [(&'static str, String); 3] {
    let of = format!("name = \"_acme-challenge.a\", type = \"CNAME\", values = [\"{}\"]", target.name);
    [
        ("berth_dns_record", format!("zone_id = \"{}\"\n {}", zone.id, of.replace(", ", "\n "))),
        ("berth_dns_records", format!("zone_id = \"{}\"\n records = {{ k = {{ {of} }} }}", zone.id)),
        (
            "berth_dns01_delegation",
            format!(
                "zone_id = \"{}\"\n domain = \"a.{}\"\n target_zone_id = \"{}\"\n target_name = \"{}\"\n wait = \"none\"",
                zone.id, zone.name, target.id, target.name
            ),
        ),
    ]
}

fn resource(kind: &str, address: &str, content: &str) -> String {
    format!("{PROVIDER}resource \"{kind}\" \"{address}\" {{\n {content}\n overwrite = true\n}}\n")
}

fn apply_with(workspace: &Workspace, more: &str) -> String {
    let run = workspace.run(&["apply", "-json", "-input=false", "-auto-approve", more]);
    run.succeeds().to_string()
}

fn stands(zone: &OwnZone) -> bool {
    zone.has("_acme-challenge.a", RecordType::Cname)
}

#[test]
#[ignore = "needs the sandbox"]
fn a_record_that_was_taken_over_outlives_the_destroy_of_its_former_owner() {
    let (zone, target) = (OwnZone::new("taken"), OwnZone::new("taken-target"));
    let kinds = kinds(&zone, &target);
    let pairs = kinds.iter().zip(kinds.iter().cycle().skip(1)).chain(kinds.iter().zip(&kinds));
    for (at, ((old, before), (new, after))) in pairs.enumerate() {
        let case = format!("{old} to {new}");
        let workspace = Workspace::on(&Cli::turn(at), &resource(old, "old", before));
        workspace.apply().succeeds();
        workspace.configure(&resource(new, "new", after));
        apply_with(&workspace, &format!("-target={new}.new"));
        // Without a refresh it cannot be told for certain.
        let refused = workspace.run(&["apply", "-json", "-input=false", "-auto-approve", "-refresh=false"]).fails();
        assert!(refused.contains("BERTH-ROUTE53-038") && stands(&zone), "{case}: {refused}");
        // It is left, or refused where the host plans the destroy before the refresh.
        let told = workspace.apply().to_string();
        let known = ["BERTH-ROUTE53-038", "BERTH-ROUTE53-039"].iter().any(|code| told.contains(code));
        assert!(known && stands(&zone), "{case}: {told}");
        if workspace.instance(&format!("{old}.old")).is_some() {
            workspace.run(&["state", "rm", &format!("{old}.old")]).succeeds();
        }
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        assert!(!stands(&zone), "{case}: nothing is left");
    }
}

/// What a run leaves that was killed while the former object was to be destroyed.
fn depose(workspace: &Workspace) {
    let path = workspace.path("terraform.tfstate");
    let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let instances = state["resources"][0]["instances"].as_array_mut().unwrap();
    let mut former = instances[0].clone();
    former["deposed"] = json!("8291cc82");
    // Its notes are older ones.
    former.as_object_mut().unwrap().remove("private");
    instances.push(former);
    state["serial"] = json!(state["serial"].as_u64().unwrap() + 1);
    fs::write(path, state.to_string()).unwrap();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_record_outlives_the_deposed_object_that_a_killed_run_has_left() {
    let (zone, target) = (OwnZone::new("deposed"), OwnZone::new("deposed-target"));
    for (at, (kind, content)) in kinds(&zone, &target).into_iter().enumerate() {
        let content = format!("{content}\n lifecycle {{ create_before_destroy = true }}");
        let workspace = Workspace::on(&Cli::turn(at), &resource(kind, "x", &content));
        workspace.apply().succeeds();
        depose(&workspace);
        let refused = workspace.run(&["apply", "-json", "-input=false", "-auto-approve", "-refresh=false"]).fails();
        assert!(refused.contains("BERTH-ROUTE53-038") && stands(&zone), "{kind}: {refused}");
        let told = apply_with(&workspace, "-refresh=true");
        assert!(told.contains("BERTH-ROUTE53-039") && stands(&zone), "{kind}: {told}");
        workspace.plan().changes_nothing();
        // A replacement and a destroy of both still do what they say.
        depose(&workspace);
        apply_with(&workspace, &format!("-replace={kind}.x"));
        assert!(stands(&zone), "{kind}");
        workspace.plan().changes_nothing();
        depose(&workspace);
        workspace.destroy().succeeds();
        assert!(!stands(&zone), "{kind}: nothing is left");
    }
}

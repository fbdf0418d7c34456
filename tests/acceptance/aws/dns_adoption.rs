//! Records that the AWS provider managed before.

use berth::domain::dns::RecordType;
use serde_json::{Value, json};

use super::PROVIDER;
use super::own_zone::OwnZone;
use crate::workspace::{Cli, Workspace};

/// The state of an `aws_route53_record` as version 6 of the AWS provider writes it.
fn instance(zone: &OwnZone, name: &str, more: &Value) -> Value {
    let mut attributes = json!({
        "alias": [], "allow_overwrite": null, "cidr_routing_policy": [], "failover_routing_policy": [],
        "fqdn": format!("{name}.{}", zone.name), "geolocation_routing_policy": [], "geoproximity_routing_policy": [],
        "health_check_id": "", "id": format!("{}_{name}.{}_A", zone.id, zone.name), "latency_routing_policy": [],
        "multivalue_answer_routing_policy": false, "name": name, "records": ["192.0.2.1"], "set_identifier": "",
        "timeouts": null, "ttl": 300, "type": "A", "weighted_routing_policy": [], "zone_id": zone.id.as_str(),
    });
    attributes.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "schema_version": 2, "attributes": attributes, "sensitive_attributes": [] })
}

fn resource(host: &str, name: &str, instance: &Value) -> Value {
    json!({
        "mode": "managed", "type": "aws_route53_record", "name": name,
        "provider": format!("provider[\"{host}/hashicorp/aws\"]"), "instances": [instance],
    })
}

#[test]
#[ignore = "needs the sandbox"]
fn records_of_the_aws_provider_move_without_a_change() {
    for cli in Cli::all() {
        let zone = OwnZone::new("moved");
        zone.put("plain", RecordType::A, "192.0.2.1");
        zone.put("text", RecordType::Txt, "\"v=spf1 -all\"");
        let host = if cli.is_tofu() { "registry.opentofu.org" } else { "registry.terraform.io" };
        let text = json!({ "type": "TXT", "records": ["v=spf1 -all"] });
        let state = json!({
            "version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": "d5b1c8a1-0000-4000-8000-000000000001",
            "outputs": {}, "check_results": null,
            "resources": [
                resource(host, "plain", &instance(&zone, "plain", &json!({}))),
                resource(host, "text", &instance(&zone, "text", &text)),
            ],
        });
        let record = |name: &str, more: &str| {
            format!(
                "resource \"berth_dns_record\" \"{name}\" {{\n zone_id = \"{}\"\n {more}\n}}\nmoved {{\n from = \
                 aws_route53_record.{name}\n to = berth_dns_record.{name}\n}}\n",
                zone.id
            )
        };
        let plain = record("plain", "name = \"plain\"\n type = \"A\"\n ttl = 300\n values = [\"192.0.2.1\"]");
        let whole = format!("name = \"text.{}\"\n type = \"TXT\"\n values = [\"v=spf1 -all\"]", zone.name);
        let workspace = Workspace::on(&cli, &format!("{PROVIDER}{plain}{}", record("text", &whole)));
        workspace.write("terraform.tfstate", &state.to_string());
        workspace.stand_in_for("hashicorp/aws");

        let run = workspace.plan();
        let others: Vec<_> = run.changes().into_iter().filter(|(_, action)| action != "move").collect();
        assert!(others.is_empty(), "{others:?} {run}");
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        assert!(
            workspace.instance("berth_dns_record.plain").is_some()
                && workspace.instance("berth_dns_record.text").is_some()
        );
        workspace.destroy().succeeds();
        assert!(!zone.has("plain", RecordType::A) && !zone.has("text", RecordType::Txt));
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn what_is_imported_by_the_way_its_zone_is_declared_plans_nothing() {
    for cli in Cli::all() {
        let zone = OwnZone::new("named");
        zone.put("a", RecordType::A, "192.0.2.1");
        zone.put("b", RecordType::A, "192.0.2.2");
        for (declared, written) in [
            (format!("zone = \"{}\"", zone.name), zone.name.clone()),
            (format!("zone_id = \"{}\"", zone.id), zone.id.to_string()),
        ] {
            let configuration = format!(
                "{PROVIDER}resource \"berth_dns_record\" \"x\" {{\n {declared}\n name = \"a\"\n type = \"A\"\n values = \
                 [\"192.0.2.1\"]\n}}\nresource \"berth_dns_records\" \"x\" {{\n {declared}\n records = {{ b = {{ name = \"b\", \
                 type = \"A\", values = [\"192.0.2.2\"] }} }}\n}}\n"
            );
            let workspace = Workspace::on(&cli, &configuration);
            workspace.import("berth_dns_record.x", &format!("{written}/a/A")).succeeds();
            workspace.import("berth_dns_records.x", &format!("{written}/b=b/A")).succeeds();
            workspace.plan().changes_nothing();
        }
        let none = Workspace::on(&cli, PROVIDER);
        none.configure(&format!(
            "{PROVIDER}resource \"berth_dns_record\" \"x\" {{\n name = \"a\"\n type = \"A\"\n}}\n"
        ));
        let errors = none.import("berth_dns_record.x", "nowhere.example/a/A").fails();
        assert!(errors.contains("nowhere.example"), "{errors}");
    }
}

//! Records: what others wrote is read, and what can be known or would fail is told at plan.

use berth::domain::dns::RecordType;
use serde_json::json;

use super::dns_iam::planned;
use crate::aws::dns::{full, live, values, zone};
use crate::aws::own_zone::OwnZone;
use crate::aws::{Account, PROVIDER, unique};
use crate::sandbox;
use crate::workspace::{Cli, Workspace};

const A: &str = "type = \"A\"\n values = [\"192.0.2.1\"]";

fn record(address: &str, more: &str) -> String {
    format!("resource \"berth_dns_record\" \"{address}\" {{\n{more}\n}}\n")
}

fn zone_name() -> String {
    sandbox::value("SANDBOX_ZONE_NAME")
}

#[test]
#[ignore = "needs the sandbox"]
fn the_whole_name_is_known_at_plan_whichever_way_the_zone_is_named() {
    for cli in Cli::all() {
        let label = unique("ahead");
        let (id, zone_name, name) = (zone(), zone_name(), full(&label));
        let ways = [
            format!("zone = \"{zone_name}\"\n name = \"{label}\""),
            format!("zone_id = \"{id}\"\n name = \"{label}\""),
            format!("zone_id = \"/hostedzone/{id}\"\n name = \"{name}\""),
            format!("name = \"{}.\"", name.to_uppercase()),
        ];
        for way in ways {
            let more = format!("{way}\n {A}");
            let workspace = Workspace::on(&cli, &format!("{PROVIDER}{}", record("x", &more)));
            let plan = workspace.plan().changes_something();
            assert_eq!(plan.warnings(), Vec::<String>::new(), "{way}");
            assert_eq!(planned(&workspace, "berth_dns_record.x")["after"]["fqdn"], json!(name), "{way}");
            workspace.apply_plan().succeeds();
            workspace.plan().changes_nothing();
            // Another name in the same zone is known as well.
            let other =
                more.replace(&label, &format!("{label}-b")).replace(&label.to_uppercase(), &format!("{label}-b"));
            workspace.configure(&format!("{PROVIDER}{}", record("x", &other)));
            workspace.plan().changes_something();
            let after = planned(&workspace, "berth_dns_record.x")["after"]["fqdn"].clone();
            assert_eq!(after, json!(full(&format!("{label}-b"))), "{way}");
            workspace.apply_plan().succeeds();
            workspace.plan().changes_nothing();
            workspace.destroy().succeeds();
        }
        let map = format!(
            "resource \"berth_dns_records\" \"x\" {{\n zone_id = \"{id}\"\n records = {{ a = {{ name = \"{label}\", type = \"A\", \
             values = [\"192.0.2.1\"] }} }}\n}}\n"
        );
        let workspace = Workspace::on(&cli, &format!("{PROVIDER}{map}"));
        workspace.plan().changes_something();
        assert_eq!(planned(&workspace, "berth_dns_records.x")["after"]["fqdns"], json!({ "a": name }));
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_record_in_the_wrong_zone_is_told_by_the_plan() {
    let (id, label) = (zone(), unique("strange"));
    let OwnZone { id: other_id, name: other } = OwnZone::new("elsewhere");
    let long = ["a".repeat(60).as_str(); 4].join(".");
    let cases = [
        (format!("zone_id = \"{id}\"\n name = \"www.{other}\"\n {A}"), vec!["BERTH-ROUTE53-031", other_id.as_str()]),
        (format!("zone = \"{}\"\n name = \"www.{other}.\"\n {A}", zone_name()), vec!["BERTH-ROUTE53-022"]),
        (
            format!("zone_id = \"Z000000000000\"\n name = \"{label}\"\n {A}"),
            vec!["Z000000000000", "if this apply makes"],
        ),
        (format!("zone = \"{label}.test\"\n name = \"www\"\n {A}"), vec!["BERTH-ROUTE53-001", "if this apply makes"]),
        (format!("name = \"www.{label}.test\"\n {A}"), vec!["BERTH-ROUTE53-001"]),
        (format!("zone_id = \"{id}\"\n name = \"{long}\"\n {A}"), vec!["253 are allowed"]),
        (
            format!("zone_id = \"{id}\"\n name = \"{}\"\n type = \"CNAME\"\n values = [\"a.example\"]", zone_name()),
            vec!["take type `A` with an `alias`"],
        ),
    ];
    for (more, words) in cases {
        let told = Workspace::new(&format!("{PROVIDER}{}", record("x", &more))).plan().changes_something().warnings();
        let all = told.join("\n");
        assert!(words.iter().all(|words| all.contains(words)), "{more}: {all}");
    }
    let map = format!(
        "resource \"berth_dns_records\" \"x\" {{\n zone_id = \"{id}\"\n records = {{ k = {{ name = \"www.{other}\", type = \
         \"A\", values = [\"192.0.2.1\"] }} }}\n}}\n"
    );
    let told = Workspace::new(&format!("{PROVIDER}{map}")).plan().warnings().join("\n");
    assert!(told.contains("BERTH-ROUTE53-031") && told.contains(&other), "{told}");
}

#[test]
#[ignore = "needs the sandbox"]
fn every_id_that_a_message_names_is_imported() {
    let account = Account::open();
    let base = unique("ids");
    let name = format!("0/25.{base}");
    let configuration = |address: &str| {
        let record = record(
            address,
            &format!("zone_id = \"{}\"\n name = \"{name}\"\n type = \"NS\"\n values = [\"ns.example.\"]", zone()),
        );
        let map = format!(
            "resource \"berth_dns_records\" \"{address}\" {{\n zone_id = \"{}\"\n records = {{ \"a=b,c d\" = {{ name = \
             \"x,y=z.{base}\", type = \"A\", values = [\"192.0.2.1\"], set_identifier = \"eu/A,1 \", routing = {{ weight = 1 }} \
             }} }}\n}}\n",
            zone()
        );
        format!("{PROVIDER}{record}{map}")
    };
    let first = Workspace::new(&configuration("x"));
    first.apply().succeeds();
    first.plan().changes_nothing();
    assert!(live(&account, &full(&name), RecordType::Ns).is_some());
    let second = Workspace::new(&configuration("y"));
    let errors = second.apply().fails();
    let ids: Vec<_> = errors.split('`').filter(|part| part.starts_with(&format!("{}/", zone()))).collect();
    let of = |words: &str| ids.iter().find(|id| id.contains(words)).unwrap_or_else(|| panic!("{errors}")).to_string();
    second.import("berth_dns_record.y", &of("/NS")).succeeds();
    second.import("berth_dns_records.y", &of("x\\054")).succeeds();
    second.plan().changes_nothing();
    // The AWS provider's ids, with a name below the zone or none.
    let third = Workspace::new(&configuration("z"));
    third.import("berth_dns_record.z", &format!("{}_{name}_NS", zone())).succeeds();
    assert_eq!(third.attributes("berth_dns_record.z")["fqdn"], json!(full(&name)));
    second.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn names_in_values_keep_their_case_and_text_of_others_is_warned_of() {
    let account = Account::open();
    let label = unique("case");
    let ptr = format!(
        "name = \"_http._tcp.{label}\"\n type = \"PTR\"\n values = [\"Floor\\\\0402\\\\056West._http._tcp.{label}.Example.com\"]"
    );
    let of = |values: &str| {
        let txt = format!("zone_id = \"{}\"\n name = \"{label}\"\n type = \"TXT\"\n values = [{values}]", zone());
        format!("{PROVIDER}{}{}", record("ptr", &format!("zone_id = \"{}\"\n {ptr}", zone())), record("txt", &txt))
    };
    let workspace = Workspace::new(&of("\"v=DKIM1; p=AAAA\\\"\\\"BBBB\""));
    let told = workspace.plan().changes_something().warnings();
    assert!(told.iter().any(|told| told.contains("BERTH-ROUTE53-034")), "{told:?}");
    workspace.configure(&of("\"v=DKIM1; p=AAAABBBB\""));
    assert_eq!(workspace.plan().warnings(), Vec::<String>::new());
    workspace.apply_plan().succeeds();
    workspace.plan().changes_nothing();
    let written = values(&account, &full(&format!("_http._tcp.{label}")), RecordType::Ptr).unwrap();
    assert!(written.contains(&format!("Floor\\0402\\056West._http._tcp.{label}.Example.com.")), "{written:?}");
    workspace.destroy().succeeds();
    let blank = ptr.replace("\\\\040", " ");
    let errors = Workspace::new(&format!("{PROVIDER}{}", record("x", &blank))).validate().fails();
    assert!(errors.contains("written `\\040`"), "{errors}");
}

#[test]
#[ignore = "needs the sandbox"]
fn what_route53_refuses_of_a_record_is_told_at_the_attribute() {
    let routed = |routing: &str, more: &str| {
        format!("name = \"a.example.com\"\n set_identifier = \"s\"\n routing = {{ {routing} }}\n {more}")
    };
    let alias =
        |zone_id: &str| format!("type = \"A\"\n alias = {{ name = \"lb.example.net\", zone_id = \"{zone_id}\" }}");
    let long = ["a".repeat(60).as_str(); 4].join(".");
    let cases = [
        (routed("multivalue = true", "type = \"CNAME\"\n values = [\"b.example\"]"), "CNAME record cannot have"),
        (routed("multivalue = true", &alias("Z35SXDOTRQ7X7K")), "An alias cannot have"),
        (routed("geolocation = { continent = \"EU\", country = \"DE\" }", A), "goes together with neither"),
        (routed("geolocation = {}", A), "names no place"),
        (routed("geoproximity = { latitude = \"52.5\" }", A), "without its `longitude`"),
        (routed("geoproximity = { latitude = \"52.523\", longitude = \"1\" }", A), "two decimals"),
        (format!("name = \"a.example.com\"\n {}", alias("lb.example.net")), "must be the id of a hosted zone"),
        (format!("zone = \"example.com\"\n name = \"{long}\"\n {A}"), "too long"),
        (format!("name = \"{}.example.com\"\n external_dns_owner = \"o\"\n {A}", "a".repeat(62)), "63 are allowed"),
        (
            format!("name = \"a.example.com\"\n type = \"TXT\"\n values = [\"{}\"]", "t".repeat(4001)),
            "4,000 are allowed",
        ),
    ];
    for (more, words) in cases {
        let errors = Workspace::new(&format!("{PROVIDER}{}", record("x", &more))).validate().fails();
        assert!(errors.contains(words), "{words}: {errors}");
    }
    for kind in ["berth_dns01_record", "berth_dns01_delegation"] {
        let more = if kind == "berth_dns01_record" { "value = \"v\"" } else { "target_zone_id = \"Z1\"" };
        let domain = "a.".repeat(119) + "a";
        let configuration = format!("{PROVIDER}resource \"{kind}\" \"x\" {{\n domain = \"{domain}\"\n {more}\n}}\n");
        let errors = Workspace::new(&configuration).validate().fails();
        assert!(errors.contains("_acme-challenge."), "{errors}");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn an_empty_health_check_is_none_and_an_alias_is_marked_for_every_external_dns() {
    let account = Account::open();
    let label = unique("empty");
    let alias = format!("alias = {{ name = \"{}\", zone_id = \"{}\" }}", full(&format!("{label}-target")), zone());
    let configuration = format!(
        "{PROVIDER}{}{}",
        record(
            "target",
            &format!("zone_id = \"{}\"\n name = \"{label}-target\"\n health_check_id = \"\"\n {A}", zone())
        ),
        record(
            "x",
            &format!(
                "zone_id = \"{}\"\n name = \"{label}\"\n type = \"A\"\n external_dns_owner = \"berth\"\n {alias}",
                zone()
            )
        ),
    );
    let workspace = Workspace::new(&configuration);
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    for prefix in ["a", "cname"] {
        assert!(live(&account, &full(&format!("{prefix}-{label}")), RecordType::Txt).is_some(), "{prefix}");
    }
    workspace.destroy().succeeds();
    for prefix in ["a", "cname"] {
        assert_eq!(live(&account, &full(&format!("{prefix}-{label}")), RecordType::Txt), None, "{prefix}");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn what_two_resources_would_take_from_each_other_is_told_by_every_plan() {
    let label = unique("swap");
    let one = |address: &str, value: &str| {
        let more = format!("zone_id = \"{}\"\n name = \"{label}\"\n type = \"A\"\n overwrite = true", zone());
        record(address, &format!("{more}\n values = [\"{value}\"]"))
    };
    let workspace = Workspace::new(&format!("{PROVIDER}{}", one("x", "192.0.2.1")));
    workspace.apply().succeeds();
    assert_eq!(workspace.plan().changes_nothing().warnings(), Vec::<String>::new());
    let replaced = workspace.run(&["plan", "-json", "-input=false", "-replace=berth_dns_record.x"]).succeeds();
    assert_eq!(replaced.warnings(), Vec::<String>::new(), "what is made anew is no second one");
    // One of them exists already.
    workspace.configure(&format!("{PROVIDER}{}{}", one("x", "192.0.2.1"), one("y", "192.0.2.2")));
    let told = workspace.plan().changes_something().warnings();
    assert!(told.iter().any(|told| told.contains("BERTH-ROUTE53-033") && told.contains("overwrite")), "{told:?}");
    workspace.apply_plan().succeeds();
    let told = workspace.plan().changes_something().warnings();
    assert!(told.iter().any(|told| told.contains("BERTH-ROUTE53-033")), "{told:?}");
    workspace.destroy().succeeds();

    let role = |address: &str| {
        format!(
            "resource \"berth_irsa_role\" \"{address}\" {{\n name = \"{label}-{address}\"\n oidc_provider_arn = \
             \"arn:aws:iam::123456789012:oidc-provider/oidc.example\"\n annotate_service_accounts = true\n service_accounts = \
             [{{ namespace = \"apps\", name = \"web\" }}]\n}}\n"
        )
    };
    let told = Workspace::new(&format!("{PROVIDER}{}{}", role("x"), role("y"))).plan().changes_something().warnings();
    assert!(told.iter().any(|told| told.contains("BERTH-AWS-041") && told.contains(&label)), "{told:?}");
}

#[test]
#[ignore = "needs the sandbox"]
fn one_challenge_value_of_two_resources_is_told_as_such_and_a_zone_is_found_by_its_id() {
    let domain = full(&unique("twice"));
    let value = |address: &str| {
        let more = format!("domain = \"{domain}\"\n value = \"one\"\n zone_id = \"{}\"", zone());
        format!("resource \"berth_dns01_record\" \"{address}\" {{\n{more}\n}}\n")
    };
    let workspace = Workspace::new(&format!("{PROVIDER}{}{}", value("x"), value("y")));
    let errors = workspace.apply().fails();
    assert!(errors.contains("two resources of this run") && !errors.contains("import"), "{errors}");
    workspace.destroy().succeeds();

    let data = format!("data \"berth_hosted_zone\" \"x\" {{\n zone_id = \"{}\"\n}}\n", zone());
    let workspace = Workspace::new(&format!("{PROVIDER}{data}"));
    workspace.apply().succeeds();
    let found = workspace.attributes("data.berth_hosted_zone.x");
    assert_eq!(found["name"], json!(zone_name()));
    assert!(!found["name_servers"].as_array().unwrap().is_empty());
}

#[test]
#[ignore = "needs the sandbox"]
fn a_managed_policy_that_is_not_there_is_told_soon_and_the_role_completed_later() {
    let name = unique("absent");
    let of = |policies: &str| {
        format!(
            "{PROVIDER}resource \"berth_irsa_role\" \"x\" {{\n name = \"{name}\"\n oidc_provider_arn = \
             \"arn:aws:iam::123456789012:oidc-provider/oidc.example\"\n managed_policy_arns = [{policies}]\n \
             service_accounts = [{{ namespace = \"apps\", name = \"web\" }}]\n}}\n"
        )
    };
    let workspace = Workspace::new(&of("\"arn:aws:iam::aws:policy/NoSuchPolicy\""));
    let errors = workspace.apply().fails();
    assert!(errors.contains("NoSuchPolicy") && errors.contains("correct the ARN"), "{errors}");
    workspace.configure(&of(""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

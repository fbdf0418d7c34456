//! What a plan tells of what is in AWS already, or is missing there; and what it keeps silent about.

use berth::domain::dns::RecordType;

use super::own_zone::OwnZone;
use super::{Account, PROVIDER, unique};
use crate::workspace::{Cli, Run, Workspace};

/// The warnings of a run whose code is one of these.
fn told(run: &Run, codes: &[&str]) -> Vec<String> {
    let shown = run.diagnostics().into_iter().filter(|shown| shown.severity == "warning");
    let told = shown.map(|shown| format!("{}\n{}", shown.summary, shown.detail));
    told.filter(|text| codes.iter().any(|code| text.contains(code))).collect()
}

/// Plans something that is there already, which is told with the import; nothing is told of it with `offline`, by the state that
/// has it, and where that state moves, taints or replaces it.
fn is_told_once(cli: &Cli, declared: &dyn Fn(&str) -> String, (code, address, imports): (&str, &str, &[&str])) {
    let owner = Workspace::on(cli, &declared("x"));
    let first = owner.plan().changes_something();
    assert_eq!(told(&first, &[code]), [""; 0], "nothing is there yet");
    owner.apply().succeeds();

    let stranger = Workspace::on(cli, &declared("x"));
    let plan = stranger.plan().changes_something();
    let warnings = told(&plan, &[code]);
    assert_eq!(warnings.len(), imports.len(), "{warnings:?}");
    for import in imports {
        assert!(warnings.iter().any(|text| text.contains(import)), "{import}: {warnings:?}");
    }
    stranger.configure(&declared("x").replace("provider \"berth\" {", "provider \"berth\" {\n  offline = true"));
    assert_eq!(told(&stranger.plan().changes_something(), &[code]), [""; 0], "offline");

    assert_eq!(told(&owner.plan().changes_nothing(), &[code]), [""; 0]);
    owner.configure(&declared("y"));
    assert_eq!(told(&owner.plan().changes_something(), &[code]), [""; 0], "another address");
    owner.configure(&declared("x"));
    owner.run(&["taint", &format!("{address}.x")]).succeeds();
    assert_eq!(told(&owner.plan().changes_something(), &[code]), [""; 0], "tainted");
    owner.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_role_and_a_provider_that_exist_are_told_in_the_plan() {
    for cli in Cli::all() {
        let name = unique("there");
        let role = |address: &str| super::identity::role(&name, "").replace("\"x\"", &format!("\"{address}\""));
        let import = format!("terraform import berth_irsa_role.NAME {name}");
        is_told_once(&cli, &role, ("BERTH-AWS-043", "berth_irsa_role", &[&import]));
        let provider = |address: &str| {
            format!(
                "{PROVIDER}resource \"berth_oidc_provider\" \"{address}\" {{\n url = \"https://{name}.example/id/A\"\n \
                 thumbprints = [\"{}\"]\n}}\n",
                "a".repeat(40)
            )
        };
        let import = format!("oidc-provider/{name}.example/id/A");
        is_told_once(&cli, &provider, ("BERTH-AWS-045", "berth_oidc_provider", &[&import]));
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn records_that_exist_are_told_in_the_plan() {
    for cli in Cli::all() {
        let zone = OwnZone::new("there");
        let one = |address: &str| {
            format!(
                "{PROVIDER}resource \"berth_dns_record\" \"{address}\" {{\n zone = \"{}\"\n name = \"a\"\n type = \"A\"\n \
                 values = [\"192.0.2.1\"]\n}}\n",
                zone.name
            )
        };
        let import = format!("{}/a.{}/A", zone.id, zone.name);
        is_told_once(&cli, &one, ("BERTH-ROUTE53-036", "berth_dns_record", &[&import]));
        let many = |address: &str| {
            let record =
                |name: &str| format!("{name} = {{ name = \"{name}\", type = \"A\", values = [\"192.0.2.1\"] }}");
            format!(
                "{PROVIDER}resource \"berth_dns_records\" \"{address}\" {{\n zone_id = \"{}\"\n records = {{\n {}\n {}\n }}\n}}\n",
                zone.id,
                record("b"),
                record("c")
            )
        };
        let imports = ["b", "c"].map(|name| format!("{}/{name}.{}/A", zone.id, zone.name));
        is_told_once(&cli, &many, ("BERTH-ROUTE53-036", "berth_dns_records", &[&imports[0], &imports[1]]));
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_record_that_cannot_stand_beside_another_is_told_and_one_that_may_be_overwritten_is_not() {
    let zone = OwnZone::new("beside");
    zone.put("a", RecordType::Cname, "b.example");
    zone.put("b", RecordType::A, "192.0.2.1");
    let record = |name: &str, more: &str| {
        format!(
            "{PROVIDER}resource \"berth_dns_record\" \"x\" {{\n zone_id = \"{}\"\n name = \"{name}\"\n type = \"A\"\n values = \
             [\"192.0.2.9\"]\n {more}\n}}\n",
            zone.id
        )
    };
    let code = "BERTH-ROUTE53-036";
    let warned = |configuration: &str| told(&Workspace::new(configuration).plan().changes_something(), &[code]);
    let beside = warned(&record("a", ""));
    assert!(beside.len() == 1 && beside[0].contains("beside a CNAME there is nothing else"), "{beside:?}");
    assert_eq!(warned(&record("a", "overwrite = true")).len(), 1, "no record of another type is overwritten");
    assert_eq!(warned(&record("b", "overwrite = true")), [""; 0]);
    assert_eq!(warned(&record("c", "")), [""; 0]);
    // What the run removes is not in the way.
    let workspace = Workspace::new(&record("c", ""));
    workspace.apply().succeeds();
    let other = record("c", "")
        .replace("\"x\"", "\"y\"")
        .replace("type = \"A\"", "type = \"CNAME\"")
        .replace("192.0.2.9", "d.example");
    workspace.configure(&other);
    assert_eq!(told(&workspace.plan().changes_something(), &[code]), [""; 0]);
    workspace.apply_plan().succeeds();
    workspace.destroy().succeeds();
    zone.remove("a", RecordType::Cname);
    zone.remove("b", RecordType::A);
}

#[test]
#[ignore = "needs the sandbox"]
fn policies_that_are_missing_are_told_in_the_plan() {
    let (name, absent) = (unique("lacking"), "arn:aws:iam::123456789012:policy/nowhere");
    let code = "BERTH-AWS-044";
    let role = |more: &str| super::identity::role(&name, more);
    let warned = |more: &str| told(&Workspace::new(&role(more)).plan().changes_something(), &[code]);
    let given = Account::open().policy();
    assert_eq!(warned(&format!("managed_policy_arns = [\"{given}\"]\n permissions_boundary = \"{given}\"")), [""; 0]);
    let attached = warned(&format!("managed_policy_arns = [\"{given}\", \"{absent}\"]"));
    assert!(attached.len() == 1 && attached[0].contains(absent), "{attached:?}");
    let boundary = warned(&format!("permissions_boundary = \"{absent}\""));
    assert!(boundary.len() == 1 && boundary[0].contains(absent), "{boundary:?}");
}

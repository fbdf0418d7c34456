//! Challenges that another zone answers.

use berth::domain::dns::{DnsName, RecordKey, RecordSet, RecordType, ZoneId};
use serde_json::json;

use super::dns::{full, live, zone};
use super::{Account, PROVIDER, unique};
use crate::sandbox;
use crate::workspace::{Cli, Workspace};

fn other() -> (String, String) {
    (sandbox::value("SANDBOX_OTHER_ZONE_ID"), sandbox::value("SANDBOX_OTHER_ZONE_NAME"))
}

fn delegation(domain: &str, more: &str) -> String {
    let (id, _) = other();
    format!(
        "{PROVIDER}resource \"berth_dns01_delegation\" \"x\" {{\n domain = \"{domain}\"\n target_zone_id = \"{id}\"\n {more}\n}}\n"
    )
}

#[test]
#[ignore = "needs the sandbox"]
fn a_delegation_is_made_followed_changed_imported_and_removed() {
    for cli in Cli::all() {
        let domain = full(&unique("delegated"));
        let (other_id, other_name) = other();
        let name = format!("_acme-challenge.{domain}");
        let workspace = Workspace::on(&cli, &delegation(&domain, ""));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let stored = workspace.attributes("berth_dns01_delegation.x");
        let target = format!("{name}.{other_name}");
        assert_eq!((&stored["record_name"], &stored["target_name"]), (&json!(name), &json!(target)));
        assert_eq!(stored["zone_id"], json!(zone().as_str()));

        // The wildcard of the domain has the same challenge name.
        workspace.configure(&delegation(&format!("*.{domain}"), ""));
        workspace.apply().succeeds();
        workspace.configure(&delegation(&domain, ""));
        workspace.apply().succeeds();

        // Drift shows, and a target of one's own is written in place.
        let account = Account::open();
        let drift =
            RecordSet::simple(DnsName::parse(&name).unwrap(), RecordType::Cname, 300, vec!["a.example.".into()]);
        account.upsert(drift);
        workspace.plan().changes_something();
        let own = format!("Own-{}.{other_name}", unique("target"));
        workspace.configure(&delegation(&domain, &format!("target_name = \"{own}\"")));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let cname = live(&Account::open(), &name, RecordType::Cname).unwrap();
        assert_eq!(cname.values(), [format!("{}.", own.to_lowercase())]);

        for id in [format!("{}/{domain}", zone()), format!("{}/{domain}/{other_id}", zone())] {
            let copy = Workspace::on(&cli, &delegation(&domain, &format!("target_name = \"{own}\"")));
            copy.import("berth_dns01_delegation.x", &id).succeeds();
            copy.plan().changes_nothing();
        }
        workspace.destroy().succeeds();
        assert_eq!(live(&Account::open(), &name, RecordType::Cname), None);
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_value_is_written_where_the_delegation_leads() {
    let domain = full(&unique("led"));
    let (other_id, other_name) = other();
    let workspace = Workspace::new(&format!(
        "{}resource \"berth_dns01_record\" \"x\" {{\n domain = \"{domain}.{other_name}\"\n value = \"token\"\n wait = \
         \"authoritative\"\n depends_on = [berth_dns01_delegation.x]\n}}\n",
        delegation(&domain, "")
    ));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let target = workspace.attributes("berth_dns01_delegation.x")["target_name"].clone();
    let value = workspace.attributes("berth_dns01_record.x");
    assert_eq!((&value["record_name"], &value["zone_id"]), (&target, &json!(other_id)));
    workspace.destroy().succeeds();

    // Beside the CNAME itself no value can stand, and the message says where it belongs.
    let beside = format!(
        "{}resource \"berth_dns01_record\" \"x\" {{\n domain = \"{domain}\"\n value = \"token\"\n depends_on = \
         [berth_dns01_delegation.x]\n}}\n",
        delegation(&domain, "")
    );
    workspace.configure(&beside);
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-ROUTE53-005") && errors.contains(target.as_str().unwrap()), "{errors}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn what_stands_in_the_way_of_a_delegation_is_told() {
    let domain = full(&unique("blocked"));
    let name = format!("_acme-challenge.{domain}");
    let account = Account::open();
    let theirs = RecordSet::simple(DnsName::parse(&name).unwrap(), RecordType::Txt, 60, vec!["\"theirs\"".into()]);
    account.upsert(theirs.clone());
    let workspace = Workspace::new(&delegation(&domain, ""));
    let errors = workspace.apply().fails();
    assert!(errors.contains("is there already") && errors.contains("remove the other record first"), "{errors}");
    let key = RecordKey { name: theirs.key.name.clone(), kind: RecordType::Txt, set_identifier: None };
    let removed = async { account.open_route53().await.delete(&Account::budget(), &zone(), &key).await };
    account.runtime.block_on(removed).unwrap();

    workspace.configure(&delegation(&domain, "target_name = \"elsewhere.example\""));
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-ROUTE53-022") && errors.contains("not a name of the target zone"), "{errors}");

    // A target that leads further is no target.
    let (other_id, other_name) = other();
    let target = format!("{}.{other_name}", unique("further"));
    let further =
        RecordSet::simple(DnsName::parse(&target).unwrap(), RecordType::Cname, 60, vec![format!("end.{other_name}.")]);
    let written =
        async { account.open_route53().await.upsert(&Account::budget(), &ZoneId::new(&other_id), further).await };
    account.runtime.block_on(written).unwrap();
    workspace.configure(&delegation(&domain, &format!("target_name = \"{target}\"")));
    let run = workspace.apply();
    let errors = run.fails();
    assert!(errors.contains("BERTH-DNS-011") && errors.contains(&format!("{target} → end.{other_name}")), "{errors}");
    workspace.destroy().succeeds();
}

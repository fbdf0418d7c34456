//! What holds for each type that keeps a record, whatever is done to its address and state: nothing is lost.

use berth::domain::dns::RecordType;

use super::PROVIDER;
use super::own_zone::OwnZone;
use crate::fault_proxy::Faults;
use crate::workspace::{Cli, Workspace};

/// A type, and the record that an object of it keeps.
struct Subject {
    r#type: &'static str,
    content: String,
    label: &'static str,
    kind: RecordType,
    import: String,
}

fn subjects(zone: &OwnZone, target: &OwnZone) -> [Subject; 4] {
    let (id, name) = (&zone.id, &zone.name);
    [
        Subject {
            r#type: "berth_dns_record",
            content: format!("zone_id = \"{id}\"\n name = \"one\"\n type = \"A\"\n values = [\"192.0.2.1\"]"),
            label: "one",
            kind: RecordType::A,
            import: format!("{id}/one.{name}/A"),
        },
        Subject {
            r#type: "berth_dns_records",
            content: format!(
                "zone_id = \"{id}\"\n records = {{ a = {{ name = \"two\", type = \"A\", values = [\"192.0.2.1\"] }} }}"
            ),
            label: "two",
            kind: RecordType::A,
            import: format!("{id}/a=two.{name}/A"),
        },
        Subject {
            r#type: "berth_dns01_record",
            content: format!("zone_id = \"{id}\"\n domain = \"three.{name}\"\n value = \"v\""),
            label: "_acme-challenge.three",
            kind: RecordType::Txt,
            import: format!("{id}/three.{name}/v"),
        },
        Subject {
            r#type: "berth_dns01_delegation",
            content: format!(
                "zone_id = \"{id}\"\n domain = \"four.{name}\"\n target_zone_id = \"{}\"\n wait = \"none\"",
                target.id
            ),
            label: "_acme-challenge.four",
            kind: RecordType::Cname,
            import: format!("{id}/four.{name}/{}", target.id),
        },
    ]
}

impl Subject {
    fn at(&self, address: &str, more: &str) -> String {
        format!("resource \"{}\" \"{address}\" {{\n {}\n {more}\n}}\n", self.r#type, self.content)
    }

    fn address(&self, name: &str) -> String {
        format!("{}.{name}", self.r#type)
    }
}

/// Runs the law of a number for each type, and leaves nothing behind. The hosts take turns, from law to law and type to type.
fn for_each(number: usize, law: impl Fn(&Cli, &OwnZone, &Subject)) {
    let (zone, target) = (OwnZone::new("law"), OwnZone::new("law-target"));
    for (at, subject) in subjects(&zone, &target).into_iter().enumerate() {
        law(&Cli::turn(number + at), &zone, &subject);
        assert!(!zone.has(subject.label, subject.kind), "{}: nothing is left", subject.r#type);
    }
}

/// Applied once, and what is done next; the record stands after that.
fn stands(cli: &Cli, zone: &OwnZone, subject: &Subject, first: &str, next: impl Fn(&Workspace)) {
    let workspace = Workspace::on(cli, &format!("{PROVIDER}{first}"));
    workspace.apply().succeeds();
    next(&workspace);
    assert!(zone.has(subject.label, subject.kind), "{}: it stands", subject.r#type);
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_record_outlives_another_address() {
    for_each(1, |cli, zone, subject| {
        stands(cli, zone, subject, &subject.at("old", ""), |workspace| {
            workspace.configure(&format!("{PROVIDER}{}", subject.at("new", "")));
            workspace.apply().succeeds();
        });
        let keyed = |key: &str| subject.at("x", &format!("for_each = toset([\"{key}\"])"));
        stands(cli, zone, subject, &keyed("old"), |workspace| {
            workspace.configure(&format!("{PROVIDER}{}", keyed("new")));
            workspace.apply().succeeds();
        });
    });
}

#[test]
#[ignore = "needs the sandbox"]
fn a_record_outlives_a_taint_and_a_destroy_before_an_apply() {
    for_each(2, |cli, zone, subject| {
        stands(cli, zone, subject, &subject.at("x", ""), |workspace| {
            workspace.run(&["taint", &subject.address("x")]).succeeds();
            workspace.apply().succeeds();
            workspace.destroy().succeeds();
            workspace.apply().succeeds();
        });
    });
}

#[test]
#[ignore = "needs the sandbox"]
fn a_replacement_that_is_made_first_is_refused_and_nothing_is_lost() {
    for_each(3, |cli, zone, subject| {
        let before = "lifecycle { create_before_destroy = true }";
        stands(cli, zone, subject, &subject.at("x", before), |workspace| {
            let replace = format!("-replace={}", subject.address("x"));
            let errors = workspace.run(&["apply", "-json", "-input=false", "-auto-approve", &replace]).fails();
            assert!(errors.contains("BERTH-ROUTE53-002"), "{errors}");
        });
    });
}

#[test]
#[ignore = "needs the sandbox"]
fn a_second_state_is_refused_and_takes_over_by_import_only() {
    for_each(4, |cli, zone, subject| {
        stands(cli, zone, subject, &subject.at("x", ""), |first| {
            let second = Workspace::on(cli, &format!("{PROVIDER}{}", subject.at("x", "")));
            let errors = second.apply().fails();
            assert!(errors.contains("BERTH-ROUTE53-002") && errors.contains("import"), "{errors}");
            assert!(errors.contains(&subject.import), "{} is named: {errors}", subject.import);
            assert_eq!(second.instance(&subject.address("x")), None);
            first.plan().changes_nothing();
            // As after a run that was killed: the import that the message names gives an empty plan.
            second.import(&subject.address("x"), &subject.import).succeeds();
            if subject.content.contains("wait") {
                // How long to wait is nothing that a remote can tell.
                second.apply().succeeds();
            }
            second.plan().changes_nothing();
        });
    });
}

#[test]
#[ignore = "needs the sandbox"]
fn two_resources_of_one_record_are_refused() {
    for_each(5, |cli, zone, subject| {
        let both = subject.at("one", "") + &subject.at("two", "");
        let workspace = Workspace::on(cli, &format!("{PROVIDER}{both}"));
        let errors = workspace.apply().fails();
        assert!(errors.contains("BERTH-ROUTE53-0"), "{errors}");
        assert!(zone.has(subject.label, subject.kind));
        workspace.destroy().succeeds();
    });
}

#[test]
#[ignore = "needs the sandbox"]
fn overwriting_before_the_old_one_goes_keeps_the_new_one() {
    let zone = OwnZone::new("forced");
    let content = |value: &str| {
        format!(
            "{PROVIDER}resource \"berth_dns_record\" \"x\" {{\n zone_id = \"{}\"\n name = \"one\"\n type = \"A\"\n values = [\"{value}\"]\n \
             overwrite = true\n lifecycle {{ create_before_destroy = true }}\n}}\n",
            zone.id
        )
    };
    let workspace = Workspace::new(&content("192.0.2.1"));
    workspace.apply().succeeds();
    workspace.configure(&content("192.0.2.2"));
    workspace.run(&["apply", "-json", "-input=false", "-auto-approve", "-replace=berth_dns_record.x"]).succeeds();
    let live = zone.live("one", RecordType::A).expect("the new one stands");
    assert_eq!(live.values(), ["192.0.2.2"]);
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    assert!(!zone.has("one", RecordType::A));
}

/// Killed or interrupted while the change is on its way, before and after Route53 has made it: the next apply goes on, or says
/// by which id to import what the state never heard of; nothing is there twice, and nothing is left.
#[test]
#[ignore = "needs the sandbox"]
fn a_record_outlives_what_ends_its_create() {
    for_each(6, |cli, zone, subject| {
        for (kind, is_killed) in [("hold", true), ("hold-after", true), ("hold-after", false)] {
            let mut faults = Faults::before_aws(&[]);
            let workspace =
                Workspace::on(cli, &format!("{PROVIDER}{}", subject.at("x", ""))).env("AWS_ENDPOINT_URL", faults.url());
            faults.once(&format!("POST /2013-04-01/hostedzone:{kind}"));
            let step = format!("{}: {kind}, killed: {is_killed}", subject.r#type);
            let running = workspace.start_apply();
            running.wait_until(|| faults.held() == 1, "the change that is held");
            if is_killed {
                running.kill_provider();
                running.finish().fails();
            } else {
                running.interrupt();
                running.finish();
            }
            let run = workspace.apply();
            if !run.is_success() {
                let errors = run.fails();
                assert!(errors.contains("import"), "{step}: {errors}");
                workspace.import(&subject.address("x"), &subject.import).succeeds();
                workspace.apply().succeeds();
            }
            assert!(zone.has(subject.label, subject.kind), "{step}");
            workspace.plan().changes_nothing();
            workspace.destroy().succeeds();
        }
    });
}

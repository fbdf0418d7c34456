//! Certificates whose challenges are delegated by the same run.

use super::{plain, provider, txt_values, unique_name};
use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

/// Hands a name's challenges to the other zone.
fn delegation(name: &str, more: &str) -> String {
    format!(
        "resource \"berth_dns01_delegation\" \"web\" {{\n  domain = \"{name}\"\n  target_zone_id = \"{}\"\n  {more}\n}}\n",
        value("SANDBOX_OTHER_ZONE_ID")
    )
}

/// No value of a challenge is left, wherever the name was led.
fn nothing_is_left(workspace: &Workspace, name: &str) {
    let target = workspace.attributes("berth_dns01_delegation.web")["target_name"].as_str().unwrap().to_owned();
    let places = [
        (value("SANDBOX_ZONE_ID"), format!("_acme-challenge.{name}")),
        (value("SANDBOX_OTHER_ZONE_ID"), target.trim_end_matches('.').to_owned()),
    ];
    for (zone, name) in places {
        assert_eq!(txt_values(&zone, &name), Vec::<String>::new(), "{name}");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_delegation_that_the_same_run_makes_is_followed() {
    for cli in Cli::all() {
        // With `none` nobody has waited for DNS to show the CNAME; without `depends_on` both begin at once.
        for (wait, depends) in [("none", true), ("none", false), ("insync", true), ("authoritative", false)] {
            let name = unique_name("delegated", &value("SANDBOX_ZONE_NAME"));
            let workspace = Workspace::on(&cli, "");
            let more = if depends { "  depends_on = [berth_dns01_delegation.web]\n" } else { "" };
            let names = [name.as_str(), &format!("*.{name}")];
            let certificate = plain(&workspace, &names, more);
            workspace.configure(&(provider("") + &delegation(&name, &format!("wait = \"{wait}\"")) + &certificate));
            workspace.apply().succeeds();
            nothing_is_left(&workspace, &name);
            workspace.plan().changes_nothing();
            workspace.destroy().succeeds();
        }
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_delegation_that_the_same_run_changes_is_followed_to_its_new_target() {
    let name = unique_name("led-on", &value("SANDBOX_ZONE_NAME"));
    let workspace = Workspace::new("");
    let declared = |label: &str, kind: &str| {
        let target = format!("target_name = \"{label}.{}\"\n  wait = \"none\"", value("SANDBOX_OTHER_ZONE_NAME"));
        let more = format!("  key_type = \"{kind}\"\n  depends_on = [berth_dns01_delegation.web]\n");
        provider("") + &delegation(&name, &target) + &plain(&workspace, &[&name], &more)
    };
    let (one, two) = (format!("one-{}", std::process::id()), format!("two-{}", std::process::id()));
    workspace.configure(&declared(&one, "ecdsa-p256"));
    workspace.apply().succeeds();
    workspace.configure(&declared(&two, "ecdsa-p384"));
    workspace.apply().succeeds();
    nothing_is_left(&workspace, &name);
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

//! What the Secrets of a certificate must be together.

use std::collections::BTreeSet;

use crate::domain::keystore::AUTHORITY_ALIAS;
use crate::domain::kubernetes_name::{check_label, check_subdomain};
use crate::sdk::{Value, View};

/// Tests names, copies and passwords.
pub fn check(config: View<'_>, complain: &mut impl FnMut(&'static str, &str, &str, &str)) {
    let Some(place) = config.at("kubernetes_secret").known() else { return };
    check_names(View::new(place), "kubernetes_secret", complain);
    check_copies(config, complain);
    check_alias(config, complain);
    for store in ["pkcs12", "jks"] {
        check_password(config, &format!("kubernetes_secret.keystores.{store}"), complain);
    }
}

fn check_names(place: View<'_>, at: &str, complain: &mut impl FnMut(&'static str, &str, &str, &str)) {
    let checks = [("namespace", check_label as fn(&str) -> _), ("name", check_subdomain)];
    for (name, check) in checks {
        let fault = place.text(name).and_then(|text| check(text).err());
        if let Some(fault) = fault {
            // Elements of a set have no path of their own.
            let at = if at.ends_with("copies") { at.to_owned() } else { format!("{at}.{name}") };
            let what = format!("`{name}` in `{at}` cannot be a name in Kubernetes: it {fault}");
            complain("BERTH-ACME-046", &what, "correct the name", &at);
        }
    }
}

fn check_copies(config: View<'_>, complain: &mut impl FnMut(&'static str, &str, &str, &str)) {
    let at = "kubernetes_secret.copies";
    let copies = config.at(at).known().and_then(Value::elements).unwrap_or_default();
    let first = |name| config.text(&format!("kubernetes_secret.{name}"));
    let mut seen: BTreeSet<_> = first("namespace").zip(first("name")).into_iter().collect();
    for copy in copies {
        let copy = View::new(copy);
        check_names(copy, at, complain);
        let name = if copy.at("name").is_null() { first("name") } else { copy.text("name") };
        let Some(one) = copy.text("namespace").zip(name) else { continue };
        if !seen.insert(one) {
            let what = format!("The Secret {}/{} gets the certificate twice", one.0, one.1);
            complain("BERTH-ACME-077", &what, "name each Secret once, and the first not among its copies", at);
        }
    }
}

/// Java compares aliases in small letters, and of two entries of one alias it keeps the later one: the CA's.
fn check_alias(config: View<'_>, complain: &mut impl FnMut(&'static str, &str, &str, &str)) {
    let at = "kubernetes_secret.keystores.jks.alias";
    let Some(alias) = config.text(at) else { return };
    let number = alias.get(2..).and_then(|rest| rest.strip_prefix('-'));
    let is_theirs = alias.eq_ignore_ascii_case(AUTHORITY_ALIAS)
        || alias.get(..2).is_some_and(|begin| begin.eq_ignore_ascii_case(AUTHORITY_ALIAS))
            && number.is_some_and(|number| number.parse::<usize>().is_ok());
    if is_theirs && !config.at("kubernetes_secret.ca_pem").is_null() {
        let what =
            format!("The key cannot have the alias `{alias}`, which the certificates of `ca_pem` have in the store");
        complain("BERTH-ACME-117", &what, "choose another alias, such as `certificate`, or leave `ca_pem` out", at);
    }
}

fn check_password(config: View<'_>, at: &str, complain: &mut impl FnMut(&'static str, &str, &str, &str)) {
    if config.at(at).known().is_none() {
        return;
    }
    let (given, entry) = (config.at(&format!("{at}.password_wo")), config.at(&format!("{at}.password_secret_ref")));
    let is_open = given.is_unknown() || entry.is_unknown();
    if (given.is_null() && entry.is_null()) || (!given.is_null() && !entry.is_null() && !is_open) {
        let next = "set exactly one of `password_secret_ref` and `password_wo` (with `password_wo_version`)";
        complain("BERTH-ACME-070", &format!("`{at}` needs one password"), next, at);
    }
}

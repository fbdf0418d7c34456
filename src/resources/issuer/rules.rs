//! Mistakes of an issuer that can be told without a cluster.

use crate::explain::Explanation;
use crate::sdk::{Diagnostics, Seen, Value, View};

const KINDS: [&str; 3] = ["acme", "ca", "self_signed"];

/// Tests what is known of a configuration.
pub fn check(config: View<'_>, found: &mut Diagnostics) {
    let given: Vec<_> = KINDS.into_iter().filter(|kind| config.at(kind).is_given()).collect();
    let is_open = KINDS.iter().any(|kind| config.at(kind).is_unknown());
    let complaint = |what: &str, at: &str, next: &str| Explanation::new("BERTH-CM-004", what).next(next).at(at);
    match given.as_slice() {
        [] if !is_open => {
            found.error(&complaint(
                "The issuer does not say what it issues by",
                "acme",
                "give one of `acme`, `ca` and `self_signed`",
            ));
        }
        [_, second, ..] => {
            found.error(&complaint(
                "The issuer says twice what it issues by",
                second,
                "keep one of `acme`, `ca` and `self_signed`",
            ));
        }
        _ => {}
    }
    solvers(config, found);
    account(config, found);
}

fn solvers(config: View<'_>, found: &mut Diagnostics) {
    let complaint = |what: &str, at: String, next: &str| Explanation::new("BERTH-CM-004", what).next(next).at(at);
    let Seen::Known(solvers) = config.at("acme.solvers") else { return };
    for (index, solver) in solvers.elements().into_iter().flatten().enumerate() {
        let (solver, at) = (View::new(solver), |name: &str| format!("acme.solvers[{index}]{name}"));
        if solver.value().members().is_none() {
            continue;
        }
        let is_null = |name: &str| solver.at(name).is_null();
        if is_null("http01") && is_null("dns01") {
            found.error(&complaint(
                "A solver does not say how names are proved",
                at(""),
                "give it `http01` or `dns01`",
            ));
        }
        if solver.at("http01").is_given() && solver.at("dns01").is_given() {
            found.error(&complaint("A solver has two ways to prove names", at(".dns01"), "make two solvers of it"));
        }
        if solver.at("dns01").is_given() && is_null("dns01.route53") && is_null("dns01.other_json") {
            let next = "give it `route53`, or another DNS provider as `other_json`";
            found.error(&complaint("The solver does not say where records are", at(".dns01"), next));
        }
        let ways = ["ingress_class", "ingress_class_name", "ingress_name", "gateway"];
        let given = ways.iter().filter(|way| solver.at(&format!("http01.{way}")).is_given()).count();
        if given > 1 {
            let next = format!("keep one of {}", ways.map(|way| format!("`{way}`")).join(", "));
            found.error(&complaint("The solver says twice what leads to the file", at(".http01"), &next));
        }
        if solver.at("dns01.route53.service_account").is_given() && is_null("dns01.route53.role") {
            let next = "set `role` to the role that the service account's token stands for";
            found.error(&complaint(
                "A service account without a role gives no rights",
                at(".dns01.route53.service_account"),
                next,
            ));
        }
    }
}

/// cert-manager refuses these addresses by a condition; told here it costs no wait.
fn account(config: View<'_>, found: &mut Diagnostics) {
    let server = config.at("acme.server").known().and_then(Value::as_str).unwrap_or_default();
    if server.contains("acme-v01.api.letsencrypt.org") || server.contains("acme-staging.api.letsencrypt.org") {
        let told = Explanation::new("BERTH-CM-004", "The address is of ACME's first version, which is gone")
            .next("use https://acme-v02.api.letsencrypt.org/directory, or https://acme-staging-v02.api.letsencrypt.org/directory")
            .at("acme.server");
        found.error(&told);
    }
    let solvers = config.at("acme.solvers");
    let is_none = match solvers {
        Seen::Null => config.at("acme").is_given(),
        Seen::Known(solvers) => solvers.elements().is_some_and(<[Value]>::is_empty),
        Seen::Unknown => false,
    };
    if is_none {
        let told = Explanation::new("BERTH-CM-004", "The ACME issuer has no solver, and can prove no name")
            .next("give it a solver: `solvers = [{ http01 = { ingress_class = \"nginx\" } }]`")
            .at("acme.solvers");
        found.warning(&told);
    }
}

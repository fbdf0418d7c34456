//! What breaks from one release to another, for the objects that a cluster has.
//!
//! | version | change | source |
//! |---|---|---|
//! | 1.18.0 | `privateKey.rotationPolicy` is Always by default | cert-manager.io, upgrading from 1.17 to 1.18 |
//! | 1.18.0 | `revisionHistoryLimit` is 1 by default | the same |
//! | 1.18.0 | HTTP-01 Ingresses have path type Exact | the same |
//! | 1.19.0 alone | Certificates without `issuerRef.kind` or `.group` are issued anew | cert-manager #8158, mended in 1.19.1 |
//! | from 1.19.0 | the same, on the way to any later one | cert-manager #8182 |
//! | 1.21.0 | the controller may no longer make tokens of its own account | cert-manager.io, upgrading from 1.20 to 1.21 |
//! | 1.21.0 alone | `renewal.policy: Disabled` ends the controller | release notes of 1.21.0, mended in 1.21.1 |

use semver::Version;
use serde_json::Value;

/// What a cluster has that a release may treat otherwise.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// All Certificates.
    pub certificates: Vec<Value>,
    /// All Issuers and `ClusterIssuers`.
    pub issuers: Vec<Value>,
    /// The account of the controller: its name.
    pub account: String,
}

/// A change that hits something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What changes.
    pub what: &'static str,
    /// What can be done.
    pub next: &'static str,
    /// What is hit, by name.
    pub objects: Vec<String>,
}

struct Change {
    /// The only version whose leaving matters.
    leaving: Option<(u64, u64, u64)>,
    since: (u64, u64, u64),
    /// The first version in which it is no more.
    until: Option<(u64, u64, u64)>,
    what: &'static str,
    next: &'static str,
    hits: fn(&Facts) -> Vec<String>,
}

const CHANGES: [Change; 7] = [
    Change {
        leaving: None,
        since: (1, 18, 0),
        until: None,
        what: "From cert-manager 1.18 on, a Certificate without `privateKey.rotationPolicy` gets a new private key at each renewal",
        next: "where a key is pinned, set `rotationPolicy: Never` before its next renewal; the upgrade itself issues nothing anew",
        hits: |facts| named(&facts.certificates, |it| it.pointer("/spec/privateKey/rotationPolicy").is_none()),
    },
    Change {
        leaving: None,
        since: (1, 18, 0),
        until: None,
        what: "From cert-manager 1.18 on, only the newest CertificateRequest of a Certificate without `revisionHistoryLimit` is kept",
        next: "where older ones are wanted, set `revisionHistoryLimit` before the upgrade",
        hits: |facts| named(&facts.certificates, |it| it.pointer("/spec/revisionHistoryLimit").is_none()),
    },
    Change {
        leaving: None,
        since: (1, 18, 0),
        until: None,
        what: "From cert-manager 1.18 on, Ingresses of HTTP-01 challenges have the path type Exact, which ingress-nginx up to 1.12.5 and 1.13.1 refuses where it validates strictly",
        next: "upgrade ingress-nginx first, or start the controller with --feature-gates=ACMEHTTP01IngressPathTypeExact=false",
        hits: |facts| named(&facts.issuers, |it| solvers(it).any(|solver| solver.pointer("/http01/ingress").is_some())),
    },
    Change {
        leaving: None,
        since: (1, 19, 0),
        until: Some((1, 19, 1)),
        what: "cert-manager 1.19.0 issues every Certificate anew whose `issuerRef` lacks `kind` or `group`",
        next: "take 1.19.1 or newer instead",
        hits: |facts| {
            named(&facts.certificates, |it| {
                ["kind", "group"].iter().any(|part| it.pointer(&format!("/spec/issuerRef/{part}")).is_none())
            })
        },
    },
    Change {
        leaving: Some((1, 19, 0)),
        since: (1, 19, 1),
        until: None,
        what: "Releases after cert-manager 1.19.0 may issue Certificates anew that were declared without `kind` or `group` in `issuerRef`: 1.19.0 filled them in",
        next: "write both into what declares them before the upgrade",
        // What was filled in shows no more who wrote it.
        hits: |facts| named(&facts.certificates, |_| true),
    },
    Change {
        leaving: None,
        since: (1, 21, 0),
        until: None,
        what: "From cert-manager 1.21 on, its manifest no longer lets the controller make tokens of its own ServiceAccount, which these issuers name",
        next: "give them an account of their own (`serviceAccountRef`), or declare a Role and a RoleBinding that allow `create` of `serviceaccounts/token` for it",
        hits: |facts| named(&facts.issuers, |it| names_account(&it["spec"], &facts.account)),
    },
    Change {
        leaving: None,
        since: (1, 21, 0),
        until: Some((1, 21, 1)),
        what: "cert-manager 1.21.0 ends in a crash for as long as a Certificate has `renewal.policy: Disabled`",
        next: "take 1.21.1 or newer instead",
        hits: |facts| {
            named(&facts.certificates, |it| {
                it.pointer("/spec/renewal/policy").is_some_and(|policy| policy == "Disabled")
            })
        },
    },
];

/// The changes from one release to another that hit something.
pub fn hits(from: &Version, to: &Version, facts: &Facts) -> Vec<Hit> {
    // A release candidate, and a vendor's build, change what the release does.
    let (from, to) = (numbers(from), numbers(to));
    let is_met = |change: &&Change| {
        let leaves = change.leaving.is_none_or(|only| from == only);
        leaves && from < change.since && change.since <= to && change.until.is_none_or(|until| to < until)
    };
    let met = CHANGES.iter().filter(is_met);
    let hits = met.map(|change| Hit { what: change.what, next: change.next, objects: (change.hits)(facts) });
    hits.filter(|hit| !hit.objects.is_empty()).collect()
}

/// A version without what comes behind its three numbers.
pub fn numbers(version: &Version) -> (u64, u64, u64) {
    (version.major, version.minor, version.patch)
}

/// The minor releases that lie between two, which are to be passed one by one.
pub fn between(from: &Version, to: &Version) -> Vec<String> {
    if from.major != to.major {
        return Vec::new();
    }
    (from.minor + 1..to.minor).map(|minor| self::minor(&Version::new(from.major, minor, 0))).collect()
}

/// The minor release that a version belongs to: `1.18`.
pub fn minor(version: &Version) -> String {
    format!("{}.{}", version.major, version.minor)
}

fn named(objects: &[Value], is_hit: impl Fn(&Value) -> bool) -> Vec<String> {
    let name = |it: &Value| {
        let part = |path: &str| it.pointer(path).and_then(Value::as_str);
        let name = part("/metadata/name")?;
        Some(part("/metadata/namespace").map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}")))
    };
    objects.iter().filter(|it| is_hit(it)).filter_map(name).collect()
}

fn solvers(issuer: &Value) -> impl Iterator<Item = &Value> {
    issuer.pointer("/spec/acme/solvers").and_then(Value::as_array).into_iter().flatten()
}

/// Whether a `serviceAccountRef` anywhere in a spec names this account.
fn names_account(spec: &Value, account: &str) -> bool {
    match spec {
        Value::Object(members) => members.iter().any(|(name, value)| {
            (name == "serviceAccountRef" && value["name"] == account) || names_account(value, account)
        }),
        Value::Array(elements) => elements.iter().any(|element| names_account(element, account)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facts() -> Facts {
        let certificate =
            |name: &str, spec: Value| json!({ "metadata": { "namespace": "a", "name": name }, "spec": spec });
        let reference = json!({ "name": "ca", "kind": "Issuer", "group": "cert-manager.io" });
        let settled =
            json!({ "issuerRef": reference, "privateKey": { "rotationPolicy": "Never" }, "revisionHistoryLimit": 3 });
        let route53 = |account: &str| json!({ "dns01": { "route53": { "auth": { "kubernetes": { "serviceAccountRef": { "name": account } } } } } });
        let issuer = |name: &str, solver: Value| json!({ "metadata": { "name": name }, "spec": { "acme": { "solvers": [solver] } } });
        let mut off = settled.clone();
        off["renewal"] = json!({ "policy": "Disabled" });
        Facts {
            certificates: vec![
                certificate("settled", settled),
                certificate("bare", json!({ "issuerRef": { "name": "ca" } })),
                certificate("off", off),
            ],
            issuers: vec![
                issuer("web", json!({ "http01": { "ingress": {} } })),
                issuer("own", route53("cert-manager")),
                issuer("other", route53("dns")),
            ],
            account: "cert-manager".to_owned(),
        }
    }

    fn hit(from: (u64, u64, u64), to: (u64, u64, u64)) -> Vec<(String, Vec<String>)> {
        let version = |(a, b, c)| Version::new(a, b, c);
        let hits = hits(&version(from), &version(to), &facts());
        hits.into_iter().map(|hit| (hit.what.chars().take(24).collect(), hit.objects)).collect()
    }

    #[test]
    fn only_changes_on_the_way_that_hit_something_are_told() {
        assert_eq!(hit((1, 11, 5), (1, 17, 0)), []);
        let objects: Vec<Vec<String>> = hit((1, 17, 4), (1, 18, 2)).into_iter().map(|(_, it)| it).collect();
        assert_eq!(objects, [vec!["a/bare"], vec!["a/bare"], vec!["web"]]);
        assert_eq!(hit((1, 18, 2), (1, 19, 0)).len(), 1);
        assert_eq!(hit((1, 18, 2), (1, 19, 1)), [], "mended there");
        let last: Vec<Vec<String>> = hit((1, 20, 0), (1, 21, 0)).into_iter().map(|(_, it)| it).collect();
        assert_eq!(last, [vec!["own"], vec!["a/off"]]);
        assert_eq!(hit((1, 20, 0), (1, 21, 1)).len(), 1);
        assert_eq!(hit((1, 21, 0), (1, 11, 5)), [], "a way back");
    }

    #[test]
    fn minors_on_the_way_are_named() {
        let between =
            |from: (u64, u64), to: (u64, u64)| between(&Version::new(from.0, from.1, 9), &Version::new(to.0, to.1, 0));
        assert_eq!(between((1, 11), (1, 14)), ["1.12", "1.13"]);
        assert!(between((1, 11), (1, 12)).is_empty() && between((1, 12), (1, 11)).is_empty());
    }
}

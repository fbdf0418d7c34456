//! Where the challenge names lead.

use crate::clients::dns::ChallengePath;
use crate::explain::Explanation;

/// What becomes of the TXT records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// They are written where the CNAMEs lead; whether the account has a zone there, if that is known.
    Followed(Option<bool>),
    /// They are written at the challenge name itself.
    AtName,
    /// The user publishes them.
    Users,
}

/// What is wrong with the path of a domain's challenge name, if anything is.
pub fn judge(domain: &str, path: &ChallengePath, way: Way) -> Option<Explanation> {
    let (name, end) = (path.chain.first()?, path.chain.last()?);
    path.chain.get(1)?;
    let on = |told: Explanation| told.on(format!("CNAME {}", path.chain.join(" → "))).at("dns_names");
    if let Some(wildcard) = &path.wildcard {
        return trap(domain, wildcard, name, way).map(on);
    }
    if path.endless {
        let told = Explanation::new("BERTH-ACME-092", format!("The challenge name of `{domain}` leads nowhere"));
        return Some(on(told).next("make the chain end at a name that has no CNAME, within eight steps"));
    }
    match way {
        Way::AtName => Some(
            on(Explanation::new("BERTH-ACME-093", format!("A CNAME stands where the TXT record for `{domain}` belongs")))
                .next(format!("let the record go where it leads, to `{end}`, with `dns01.follow_cname = true`; or remove the CNAME, beside which no TXT record can stand"))
                .at("dns01.follow_cname"),
        ),
        Way::Users => Some(
            on(Explanation::new("BERTH-ACME-093", format!("A CNAME stands where the TXT record for `{domain}` belongs")))
                .next(format!("publish the TXT record at `{end}`, where the CA follows the CNAME to; beside the CNAME itself none can stand")),
        ),
        Way::Followed(holds) => outside(domain, path, end, holds).map(on),
    }
}

fn outside(domain: &str, path: &ChallengePath, end: &str, holds: Option<bool>) -> Option<Explanation> {
    let told = Explanation::new("BERTH-ACME-092", format!("The challenge name of `{domain}` leads out of reach"));
    match (&path.zone, holds) {
        (None, _) => Some(told.said("DNS", format!("no zone holds `{end}`")).next(
            "delegate the zone that it should be in, or let the CNAME lead to a name in a zone of yours (`berth_dns01_delegation`)",
        )),
        (Some(zone), Some(false)) => Some(told.said("DNS", format!("`{end}` belongs to the zone `{zone}`")).next(
            "this account has no such zone: let the CNAME lead to a zone of yours (`berth_dns01_delegation`), or write with a role of the account that has it (`dns01.assume_role`)",
        )),
        (Some(_), _) => None,
    }
}

/// A wildcard that answers for a challenge name which has no record of its own.
fn trap(domain: &str, wildcard: &str, name: &str, way: Way) -> Option<Explanation> {
    let what = format!("The wildcard `{wildcard}` answers for the challenge name of `{domain}`");
    let told = Explanation::new("BERTH-ACME-094", what);
    let covers_domain = wildcard.strip_prefix("*.").is_some_and(|above| above != domain);
    let aside = if covers_domain {
        format!(
            ". While it stands, the wildcard does not answer for `{domain}` itself (RFC 4592 §2.2.2): give `{domain}` a record of its own if it has none"
        )
    } else {
        String::new()
    };
    match way {
        Way::Followed(_) => Some(told.next(format!(
            "the TXT record would be written to where the wildcard leads: give `{name}` a record of its own, by a `berth_dns01_delegation` for `{domain}`; or set `dns01.follow_cname = false`, so that the TXT record is written at `{name}`{aside}"
        ))),
        // A record of its own hides the wildcard, which is as it should be, but for what it does beside.
        Way::AtName | Way::Users if covers_domain => {
            Some(told.next(format!("the TXT record at `{name}` takes its place{aside}")))
        }
        Way::AtName | Way::Users => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(chain: &[&str]) -> ChallengePath {
        let chain: Vec<_> = chain.iter().map(|name| (*name).to_owned()).collect();
        ChallengePath { chain, endless: false, zone: Some("b.example".to_owned()), wildcard: None }
    }

    fn code(path: &ChallengePath, way: Way) -> Option<&'static str> {
        judge("foo.a.example", path, way).map(|told| told.code())
    }

    const NAME: &str = "_acme-challenge.foo.a.example";

    #[test]
    fn each_way_has_its_own_dangers() {
        let straight = path(&[NAME]);
        let alias = path(&[NAME, "x.b.example"]);
        let dangling = ChallengePath { zone: None, ..alias.clone() };
        let endless = ChallengePath { endless: true, ..path(&[NAME, "x.b.example", NAME]) };
        let cases = [
            ("no CNAME", &straight, Way::Followed(None), None),
            ("no CNAME, whatever the zone", &ChallengePath { zone: None, ..straight.clone() }, Way::AtName, None),
            ("followed into a zone of ours", &alias, Way::Followed(Some(true)), None),
            ("followed to who knows", &alias, Way::Followed(None), None),
            ("followed out of the account", &alias, Way::Followed(Some(false)), Some("BERTH-ACME-092")),
            ("dangling", &dangling, Way::Followed(None), Some("BERTH-ACME-092")),
            ("a loop", &endless, Way::Followed(Some(true)), Some("BERTH-ACME-092")),
            ("not followed", &alias, Way::AtName, Some("BERTH-ACME-093")),
            ("the user's", &alias, Way::Users, Some("BERTH-ACME-093")),
        ];
        for (case, path, way, expected) in cases {
            assert_eq!(code(path, way), expected, "{case}");
        }
    }

    #[test]
    fn the_wildcard_is_named_with_the_remedy() {
        let trapped =
            |wildcard: &str| ChallengePath { wildcard: Some(wildcard.to_owned()), ..path(&[NAME, "x.b.example"]) };
        let far = trapped("*.a.example");
        let told = judge("foo.a.example", &far, Way::Followed(Some(true))).unwrap();
        assert_eq!(told.code(), "BERTH-ACME-094");
        let text = told.to_string();
        assert!(text.contains("`*.a.example`") && text.contains("berth_dns01_delegation"), "{text}");
        assert!(text.contains("give `foo.a.example` a record of its own"), "{text}");
        assert_eq!(code(&far, Way::AtName), Some("BERTH-ACME-094"), "our record hides the wildcard from the domain");
        let near = trapped("*.foo.a.example");
        assert_eq!(code(&near, Way::AtName), None, "our record takes its place and does nothing beside");
        assert_eq!(code(&near, Way::Followed(None)), Some("BERTH-ACME-094"));
    }
}

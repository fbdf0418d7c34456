//! Whether CAA records let a CA issue for a name (RFC 8659), for an account and by a method (RFC 8657).

use std::fmt;

/// The tags that CAs know; another one with the critical flag forbids to issue (RFC 8659 §4.1).
const KNOWN: [&str; 4] = ["issue", "issuewild", "iodef", "issuemail"];
/// The bit of the flags that says so.
const CRITICAL: u8 = 0x80;

/// One CAA record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caa {
    /// The flags; only the highest bit has a meaning.
    pub flags: u8,
    /// The property: `issue`, `issuewild`, `iodef` …, in lower case.
    pub tag: String,
    /// Its value, as it stands.
    pub value: String,
}

impl fmt::Display for Caa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} \"{}\"", self.flags, self.tag, self.value)
    }
}

/// What is to be issued, and by whom. What is not known yet is not held against anybody.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Whether the name has a star.
    pub wildcard: bool,
    /// The names that the CA goes by in CAA records.
    pub identities: &'a [String],
    /// The account's URL.
    pub account_url: Option<&'a str>,
    /// The type of the challenge: `dns-01`.
    pub method: Option<&'a str>,
}

/// Why a CA may not issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objection {
    /// A critical property that CAs do not know.
    Critical(String),
    /// No property names this CA; the CAs that are named.
    Issuer(Vec<String>),
    /// The CA is named for another account only.
    Account(Vec<String>),
    /// The CA is named for other methods only.
    Method(Vec<String>),
}

/// What an `issue` or `issuewild` property permits.
#[derive(Debug, Default)]
struct Grant {
    /// The CA; empty for nobody.
    issuer: String,
    /// Tags and values, in their order.
    parameters: Vec<(String, String)>,
}

/// Holds the relevant set of records (that of the name, or of the nearest ancestor that has one) against a request.
/// An empty set permits everything.
///
/// # Errors
/// Why the CA must not issue.
pub fn check(set: &[Caa], request: &Request<'_>) -> Result<(), Objection> {
    let unknown = set.iter().find(|one| one.flags & CRITICAL != 0 && !KNOWN.contains(&one.tag.as_str()));
    if let Some(unknown) = unknown {
        return Err(Objection::Critical(unknown.tag.clone()));
    }
    let of = |tag: &str| set.iter().filter(|one| one.tag == tag).map(|one| grant(&one.value)).collect::<Vec<_>>();
    let mut grants = if request.wildcard { of("issuewild") } else { Vec::new() };
    if grants.is_empty() {
        grants = of("issue");
    }
    if grants.is_empty() {
        return Ok(());
    }
    let is_ours = |grant: &&Grant| request.identities.iter().any(|identity| same_domain(identity, &grant.issuer));
    let ours: Vec<_> = grants.iter().filter(is_ours).collect();
    if ours.is_empty() {
        let mut named: Vec<_> = grants.into_iter().map(|grant| grant.issuer).filter(|name| !name.is_empty()).collect();
        named.dedup();
        return Err(Objection::Issuer(named));
    }
    let for_account: Vec<_> = ours.iter().copied().filter(|grant| grant.admits_account(request.account_url)).collect();
    if for_account.is_empty() {
        return Err(Objection::Account(values(&ours, "accounturi")));
    }
    if !for_account.iter().any(|grant| grant.admits_method(request.method)) {
        return Err(Objection::Method(values(&for_account, "validationmethods")));
    }
    Ok(())
}

/// What to change in the set at a name so that the CA may issue, as a clause.
pub fn remedy(objection: &Objection, at: &str, set: &[Caa], request: &Request<'_>) -> String {
    let own = request.identities.first().map_or("", String::as_str);
    // Where one property is of wildcards, only such ones decide for them (RFC 8659 §4.3).
    let is_of_wildcards = request.wildcard && set.iter().any(|one| one.tag == "issuewild");
    let tag = if is_of_wildcards { "issuewild" } else { "issue" };
    match objection {
        Objection::Critical(property) => format!(
            "correct the property `{property}` at `{at}`: it is marked as critical, and a CA that does not know it must not issue (RFC 8659 §4.1)"
        ),
        Objection::Issuer(named) if named.is_empty() => {
            format!("add the record `0 {tag} \"{own}\"` at `{at}`: now no CA may issue")
        }
        Objection::Issuer(named) => {
            format!(
                "add the record `0 {tag} \"{own}\"` at `{at}`, or take the CA that is allowed ({})",
                named.join(", ")
            )
        }
        Objection::Account(accounts) => format!(
            "add `accounturi={}` to a record for `{own}` at `{at}` (RFC 8657 §3); now it allows {}",
            request.account_url.unwrap_or_default(),
            accounts.join(", ")
        ),
        Objection::Method(methods) => format!(
            "add `{}` to `validationmethods` at `{at}` (RFC 8657 §4), or prove the name by what is allowed ({})",
            request.method.unwrap_or_default(),
            methods.join(", ")
        ),
    }
}

fn values(grants: &[&Grant], tag: &str) -> Vec<String> {
    grants.iter().flat_map(|grant| grant.all(tag)).map(str::to_owned).collect()
}

fn same_domain(one: &str, other: &str) -> bool {
    let bare = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
    !other.is_empty() && bare(one) == bare(other)
}

impl Grant {
    fn all<'a>(&'a self, tag: &'a str) -> impl Iterator<Item = &'a str> {
        self.parameters.iter().filter(move |(name, _)| name == tag).map(|(_, value)| value.as_str())
    }

    /// RFC 8657 §3: without the parameter any account, with it that one; more than one admit nobody.
    fn admits_account(&self, account_url: Option<&str>) -> bool {
        match self.all("accounturi").collect::<Vec<_>>()[..] {
            [] => true,
            [only] => account_url.is_none_or(|url| url == only),
            _ => false,
        }
    }

    /// RFC 8657 §4: without the parameter any method, with it those of the list; more than one admit nothing.
    fn admits_method(&self, method: Option<&str>) -> bool {
        match self.all("validationmethods").collect::<Vec<_>>()[..] {
            [] => true,
            [list] => method.is_none_or(|method| list.split(',').any(|one| one.trim() == method)),
            _ => false,
        }
    }
}

/// Reads an issue-value (RFC 8659 §4.2). One that breaks the grammar permits nobody, as `;` alone does.
fn grant(value: &str) -> Grant {
    let mut parts = value.split(';').map(|part| part.trim_matches([' ', '\t']));
    let issuer = parts.next().unwrap_or_default();
    let parameters: Option<Vec<_>> = parts.filter(|part| !part.is_empty()).map(parameter).collect();
    match parameters {
        Some(parameters) if issuer.is_empty() || is_domain(issuer) => {
            Grant { issuer: issuer.to_ascii_lowercase(), parameters }
        }
        _ => Grant::default(),
    }
}

/// `tag = value`; the tag of letters, digits and hyphens, the value of what is visible but a semicolon.
fn parameter(text: &str) -> Option<(String, String)> {
    let (tag, value) = text.split_once('=')?;
    let (tag, value) = (tag.trim_end_matches([' ', '\t']), value.trim_start_matches([' ', '\t']));
    let is_tag = !tag.is_empty() && tag.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
    let is_value = value.bytes().all(|octet| octet.is_ascii_graphic());
    (is_tag && is_value).then(|| (tag.to_ascii_lowercase(), value.to_owned()))
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        let inside = label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
        !label.is_empty() && inside && !label.starts_with('-') && !label.ends_with('-')
    };
    text.trim_end_matches('.').split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "https://example.net/account/1234";

    /// Whether `ca1.example.net` may issue, for [`ACCOUNT`] by dns-01; records as `FLAGS TAG VALUE`.
    fn verdict(wildcard: bool, set: &[&str]) -> Result<(), Objection> {
        let records: Vec<_> = set
            .iter()
            .map(|text| {
                let mut parts = text.splitn(3, ' ');
                let flags = parts.next().unwrap().parse().unwrap();
                let (tag, value) = (parts.next().unwrap().to_owned(), parts.next().unwrap().to_owned());
                Caa { flags, tag, value }
            })
            .collect();
        let identities = ["ca1.example.net".to_owned()];
        let (account_url, method) = (Some(ACCOUNT), Some("dns-01"));
        check(&records, &Request { wildcard, identities: &identities, account_url, method })
    }

    fn other(named: &[&str]) -> Result<(), Objection> {
        Err(Objection::Issuer(named.iter().map(|one| (*one).to_owned()).collect()))
    }

    #[test]
    fn the_examples_of_rfc_8659() {
        // §4.2, §4.3 and §4.1, with the CA of the examples and another one.
        assert_eq!(verdict(false, &["0 issue ca1.example.net"]), Ok(()));
        assert_eq!(verdict(false, &["0 issue ca1.example.net; account=230123"]), Ok(()));
        assert_eq!(verdict(false, &["0 issue ;"]), other(&[]));
        assert_eq!(verdict(false, &["0 issue %%%%%"]), other(&[]), "a malformed value is as good as `;`");
        assert_eq!(verdict(false, &["0 issue ca1.example.net", "0 issue ca2.example.org"]), Ok(()));
        let set = ["0 issue ca1.example.net", "0 issuewild ca2.example.org"];
        assert_eq!(verdict(false, &set), Ok(()));
        assert_eq!(verdict(true, &set), other(&["ca2.example.org"]));
        let set = ["0 issue ca2.example.org", "0 issuewild ca1.example.net"];
        assert_eq!(verdict(false, &set), other(&["ca2.example.org"]));
        assert_eq!(verdict(true, &set), Ok(()));
        assert_eq!(verdict(true, &["0 issue ca1.example.net"]), Ok(()), "issue holds for wildcards too");
        let set = ["0 issue ca1.example.net", "128 tbs Unknown"];
        assert_eq!(verdict(false, &set), Err(Objection::Critical("tbs".to_owned())));
        assert_eq!(verdict(false, &["0 issue ca1.example.net", "0 tbs Unknown"]), Ok(()));
        let set = ["0 iodef mailto:security@example.com", "128 issuemail ;"];
        assert_eq!(verdict(false, &set), Ok(()), "no word about issuing");
        assert_eq!(verdict(false, &[]), Ok(()));
        assert_eq!(verdict(false, &["0 issuewild ;"]), Ok(()), "nothing about plain names");
    }

    #[test]
    fn the_examples_of_rfc_8657() {
        let account = "0 issue ca1.example.net; accounturi=https://example.net/account/1234";
        assert_eq!(verdict(false, &[account]), Ok(()));
        let another = "0 issue ca1.example.net; accounturi=https://example.net/account/2345";
        let told = Err(Objection::Account(vec!["https://example.net/account/2345".to_owned()]));
        assert_eq!(verdict(false, &[another]), told);
        assert_eq!(verdict(false, &[another, account]), Ok(()), "one of them is enough");
        let methods = "0 issue ca1.example.net; validationmethods=dns-01";
        assert_eq!(verdict(false, &[methods]), Ok(()));
        let methods = "0 issue ca1.example.net; validationmethods=http-01,tls-alpn-01";
        assert_eq!(verdict(false, &[methods]), Err(Objection::Method(vec!["http-01,tls-alpn-01".to_owned()])));
        let both = "0 issue ca1.example.net; accounturi=https://example.net/account/1234; validationmethods=http-01";
        assert_eq!(verdict(false, &[both]), Err(Objection::Method(vec!["http-01".to_owned()])));
        let twice = format!("{account}; accounturi={ACCOUNT}");
        assert!(matches!(verdict(false, &[&twice]), Err(Objection::Account(_))), "two accounts are none");
    }

    #[test]
    fn what_is_not_known_yet_is_no_objection() {
        let value = "ca1.example.net; accounturi=https://example.net/account/2345; validationmethods=http-01";
        let set = [Caa { flags: 0, tag: "issue".to_owned(), value: value.to_owned() }];
        let identities = ["CA1.example.net.".to_owned()];
        let open = Request { wildcard: false, identities: &identities, account_url: None, method: None };
        assert_eq!(check(&set, &open), Ok(()));
    }

    #[test]
    fn blanks_and_empty_parameters_do_not_matter() {
        for value in ["ca1.example.net", " ca1.example.net ;", "CA1.example.net; a = b ;; c=d;"] {
            assert_eq!(verdict(false, &[&format!("0 issue {value}")]), Ok(()), "{value}");
        }
        for value in ["ca1.example.net; a", "ca1.example.net; a=b c", "ca1 example.net"] {
            assert_eq!(verdict(false, &[&format!("0 issue {value}")]), other(&[]), "{value}");
        }
    }
}

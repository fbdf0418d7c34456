//! Whether CAA records let the CA issue.

use futures_util::future::join_all;

use crate::clients::dns::{CaaSet, Dns};
use crate::domain::dns::caa::{Request, check, remedy};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::retry::Budget;

use super::subject::{Subdomain, Subject};

/// A warning for each name for which CAA records forbid the CA to issue. CAs that do not tell their names are not judged.
pub async fn warnings(cx: &Cx, dns: &Dns, subject: &Subject, budget: &Budget) -> Vec<Explanation> {
    let Some(url) = &subject.directory_url else { return Vec::new() };
    let Ok(ca) = cx.provider().acme(url, cx.clock()).await else { return Vec::new() };
    let identities = match budget.run(ca.directory()).await {
        Ok(Ok(directory)) => directory.meta.caa_identities.clone(),
        silent => {
            tracing::debug!(?silent, "the CA's names are not known: no look at CAA records");
            return Vec::new();
        }
    };
    if identities.is_empty() {
        return Vec::new();
    }
    let looks = subject.names.iter().map(|name| look(dns, subject, name, &identities, budget));
    join_all(looks).await.into_iter().flatten().collect()
}

async fn look(
    dns: &Dns,
    subject: &Subject,
    name: &Subdomain,
    identities: &[String],
    budget: &Budget,
) -> Option<Explanation> {
    let set = match dns.caa(&name.domain, budget).await {
        Ok(set) => set?,
        Err(error) => {
            tracing::debug!(%error, name = name.domain, "no look at CAA records");
            return None;
        }
    };
    judge(&set, subject, name, identities)
}

fn judge(set: &CaaSet, subject: &Subject, name: &Subdomain, identities: &[String]) -> Option<Explanation> {
    let account_url = subject.account_url.as_deref();
    let method = name.method.map(crate::clients::acme::Method::name);
    let request = Request { wildcard: name.wildcard, identities, account_url, method };
    let objection = check(&set.records, &request).err()?;
    let records = set.records.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let told = Explanation::new("BERTH-ACME-090", format!("CAA records forbid the CA to issue for `{}`", name.title()))
        .on(format!("CAA {}", set.at))
        .said("DNS", records);
    Some(told.next(remedy(&objection, &set.at, &set.records, &request)).at("dns_names"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::acme::Method;
    use crate::domain::dns::caa::Caa;

    #[test]
    fn a_refusal_names_the_records_and_the_one_to_add() {
        let caa = |tag: &str, value: &str| Caa { flags: 0, tag: tag.to_owned(), value: value.to_owned() };
        let records = vec![caa("issue", "other.example"), caa("issuewild", ";")];
        let set = CaaSet { at: "a.example".to_owned(), records };
        let subject = Subject { account_url: Some("https://ca/acct/1".to_owned()), ..Subject::default() };
        let name = Subdomain { domain: "x.a.example".to_owned(), wildcard: true, method: Some(Method::Dns01) };
        let told = judge(&set, &subject, &name, &["ca.example".to_owned()]).unwrap();
        assert_eq!((told.code(), told.attribute()), ("BERTH-ACME-090", Some("dns_names")));
        let detail = told.detail();
        assert!(told.what().contains("`*.x.a.example`") && detail.contains("Object: CAA a.example"), "{told}");
        assert!(detail.contains("0 issue \"other.example\", 0 issuewild \";\""), "{told}");
        assert!(detail.contains("add the record `0 issuewild \"ca.example\"` at `a.example`"), "{told}");

        let bound = CaaSet { records: vec![caa("issue", "ca.example; accounturi=https://ca/acct/2")], ..set };
        let told = judge(&bound, &subject, &name, &["ca.example".to_owned()]).unwrap().detail();
        assert!(
            told.contains("`accounturi=https://ca/acct/1`") && told.contains("it allows https://ca/acct/2"),
            "{told}"
        );
    }
}

//! Whom a role trusts: the providers of its clusters, by ARN or by issuer, as one policy.

use super::model::{Account, IrsaRoleModel, ProviderModel};
use crate::clients::aws::Aws;
use crate::domain::irsa::arn::IssuerError;
use crate::domain::irsa::{self, AUDIENCE, ServiceAccount, Trust, oidc_host, pods, trust_policy};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::sdk::{Result, Seen, Set, Value, View};

/// The trust policy; providers of which only the issuer is given lie in the caller's account.
pub async fn document(cx: &Cx, aws: &Aws, model: &IrsaRoleModel) -> Result<String> {
    let what = format!("Cannot write the trust policy of the role `{}`", model.role_name());
    let providers = model.providers();
    let account = if providers.iter().all(|provider| provider.arn.is_some()) {
        String::new()
    } else {
        match aws.identity(cx.budget()).await {
            Ok(who) => format!("arn:{}:iam::{}", who.partition, who.account),
            Err(error) => return Err(aws.explained(&error, what, "the account").await),
        }
    };
    let written = written(&providers, &account, &model.audience, &model.accounts()).map_err(|(error, attribute)| {
        let explanation = Explanation::new("BERTH-AWS-021", what).said("The provider", error.to_string());
        explanation.next("correct it").at(attribute)
    })?;
    Ok(if model.pod_identity { pods::admitting(&written) } else { written })
}

/// The trust policy as far as it is known; an issuer stands for a provider in the account that `account` names
/// (`arn:aws:iam::123456789012`).
pub fn known(view: View<'_>, account: &str) -> Option<String> {
    let accounts = view.read::<Set<Account>>("service_accounts")?;
    let mut accounts: Vec<_> = accounts.iter().map(ServiceAccount::from).collect();
    accounts.sort();
    let audience = view.text("audience").unwrap_or(AUDIENCE);
    let written = written(&providers(view)?, account, audience, &accounts).ok()?;
    // A plan has the default where a configuration has nothing.
    let admits = match view.at("pod_identity") {
        Seen::Unknown => return None,
        seen => seen.known().and_then(Value::as_bool).unwrap_or(false),
    };
    Some(if admits { pods::admitting(&written) } else { written })
}

/// The ARNs of the providers that are known, each with the attribute that names it; but for one that is given by its ARN.
pub fn known_issuers(view: View<'_>, account: &str) -> Vec<(String, &'static str)> {
    let Some(providers) = providers(view) else { return Vec::new() };
    let several = view.at("oidc_providers").is_given();
    let of = |provider: &ProviderModel| {
        Some((arn_of(provider, account).ok()?, if several { "oidc_providers" } else { "oidc_issuer_url" }))
    };
    providers.iter().filter(|provider| several || provider.arn.is_none()).filter_map(of).collect()
}

/// The provider's ARN; that of an issuer lies in the account.
fn arn_of(provider: &ProviderModel, account: &str) -> std::result::Result<String, IssuerError> {
    if let Some(arn) = &provider.arn {
        return Ok(arn.clone());
    }
    let host = oidc_host(provider.issuer_url.as_deref().unwrap_or_default())?;
    Ok(format!("{account}:oidc-provider/{host}"))
}

/// Whether every provider is known by its ARN, so that the account makes no difference.
pub fn needs_no_account(view: View<'_>) -> bool {
    providers(view).is_some_and(|providers| providers.iter().all(|provider| provider.arn.is_some()))
}

/// The providers, if all are known; there are some unless the role is for Pod Identity alone.
fn providers(view: View<'_>) -> Option<Vec<ProviderModel>> {
    if ["oidc_provider_arn", "oidc_issuer_url", "oidc_providers"].iter().any(|name| view.at(name).is_unknown()) {
        return None;
    }
    let text = |name| view.text(name).map(str::to_owned);
    let one = ProviderModel { arn: text("oidc_provider_arn"), issuer_url: text("oidc_issuer_url") };
    let mut providers = if view.at("oidc_providers").is_given() {
        view.read::<Set<ProviderModel>>("oidc_providers")?.0
    } else {
        Vec::new()
    };
    if one.arn.is_some() || one.issuer_url.is_some() {
        providers.push(one);
    }
    (!providers.is_empty() || view.truth("pod_identity") == Some(true)).then_some(providers)
}

/// The document, with the providers in the order of their ARNs; or what is wrong, and the attribute to blame.
fn written(
    providers: &[ProviderModel],
    account: &str,
    audience: &str,
    service_accounts: &[ServiceAccount],
) -> std::result::Result<String, (IssuerError, &'static str)> {
    let several = providers.len() > 1;
    let mut arns = Vec::new();
    for provider in providers {
        let attribute = |one| if several { "oidc_providers" } else { one };
        arns.push(arn_of(provider, account).map_err(|error| (error, attribute("oidc_issuer_url")))?);
    }
    arns.sort();
    arns.dedup();
    let trust = |provider_arn| Trust {
        provider_arn,
        audience: audience.to_owned(),
        service_accounts: service_accounts.to_vec(),
    };
    let trusts: Vec<_> = arns.into_iter().map(trust).collect();
    trust_policy(&trusts).map_err(|error| (error, if several { "oidc_providers" } else { "oidc_provider_arn" }))
}

/// What a trust policy says in the role's own words, if they can say it: providers, audience, accounts, and whether EKS Pod
/// Identity is admitted.
pub fn read(document: &str) -> Option<(Vec<ProviderModel>, String, Set<Account>, bool)> {
    let (document, pods) = pods::without(document);
    let trusts = irsa::parse_trust_policy(&document)?;
    if trusts.is_empty() && pods {
        return Some((Vec::new(), AUDIENCE.to_owned(), Set(Vec::new()), true));
    }
    let (arns, audience, accounts) = irsa::alike(&trusts)?;
    let provider = |arn| ProviderModel { arn: Some(arn), issuer_url: None };
    Some((arns.into_iter().map(provider).collect(), audience, accounts.iter().map(Account::from).collect(), pods))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_url(url: &str) -> ProviderModel {
        ProviderModel { arn: None, issuer_url: Some(url.to_owned()) }
    }

    #[test]
    fn an_issuer_stands_for_its_provider_in_each_partition() {
        let accounts = [ServiceAccount { namespace: "a".into(), name: "b".into() }];
        for account in ["arn:aws:iam::1", "arn:aws-cn:iam::1", "arn:aws-us-gov:iam::1"] {
            let arn = format!("{account}:oidc-provider/oidc.example/id/B");
            let by_arn = ProviderModel { arn: Some(arn.clone()), issuer_url: None };
            let named = written(&[by_url("HTTPS://oidc.example/id/B")], account, "x", &accounts).unwrap();
            assert_eq!(named, written(&[by_arn], "", "x", &accounts).unwrap());
            assert!(named.contains(&format!("{{\"Federated\":\"{arn}\"}}")), "{named}");
        }
    }

    #[test]
    fn the_order_of_clusters_does_not_matter_and_one_counts_once() {
        let accounts = [ServiceAccount { namespace: "a".into(), name: "b".into() }];
        let (a, b) = (by_url("https://a.example"), by_url("https://b.example"));
        let one = written(&[a.clone(), b.clone()], "arn:aws:iam::1", "x", &accounts);
        assert_eq!(one, written(&[b, a.clone(), a], "arn:aws:iam::1", "x", &accounts));
        assert_eq!(read(&one.unwrap()).map(|(providers, ..)| providers.len()), Some(2));
    }

    #[test]
    fn blames_the_attribute_that_holds_the_issuer() {
        let bad = by_url("http://a.example");
        let of = |providers: &[ProviderModel]| written(providers, "arn:aws:iam::1", "x", &[]).unwrap_err().1;
        assert_eq!(of(std::slice::from_ref(&bad)), "oidc_issuer_url");
        assert_eq!(of(&[bad, by_url("https://b.example")]), "oidc_providers");
    }
}

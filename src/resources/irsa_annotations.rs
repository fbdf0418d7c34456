//! The annotation by which a service account finds its role: put on the accounts, and taken off again.

use crate::domain::irsa::{ROLE_ANNOTATION, ServiceAccount};
use crate::domain::kubernetes::ObjectRef;
use crate::provider::Cx;
use crate::sdk::{Explanation, Result};

/// Annotates the accounts that exist; the user is warned of the others.
pub async fn put(cx: &Cx, accounts: &[ServiceAccount], role_arn: &str) -> Result<()> {
    let cluster = cx.provider().cluster()?;
    for account in exact(accounts) {
        let annotated = cluster.annotate(cx.budget(), &account, ROLE_ANNOTATION, role_arn).await;
        match annotated {
            Ok(true) => {}
            Ok(false) => cx.warn(&missing(&account, role_arn)),
            Err(error) => {
                return Err(error.explain(format!("Cannot annotate the {account}")).at("annotate_service_accounts"));
            }
        }
    }
    Ok(())
}

/// Takes the annotation off where it still names this role; accounts that are gone need nothing.
pub async fn take_off(cx: &Cx, accounts: &[ServiceAccount], role_arn: &str) -> Result<()> {
    if accounts.is_empty() {
        return Ok(());
    }
    let cluster = cx.provider().cluster()?;
    for account in exact(accounts) {
        if let Err(error) = cluster.unannotate(cx.budget(), &account, ROLE_ANNOTATION, role_arn).await {
            return Err(error.explain(format!("Cannot take the annotation off the {account}")));
        }
    }
    Ok(())
}

/// The accounts that are named without wildcards.
fn exact(accounts: &[ServiceAccount]) -> impl Iterator<Item = ObjectRef> {
    let exact = accounts.iter().filter(|account| !account.has_wildcard());
    exact.map(|account| ObjectRef::core("ServiceAccount", &account.namespace, &account.name))
}

fn missing(account: &ObjectRef, role_arn: &str) -> Explanation {
    Explanation::new("BERTH-AWS-025", format!("The {account} does not exist yet and was not annotated"))
        .on(role_arn)
        .next("create it with this role's `annotations`, or apply the role again (a change of it) once the account exists")
        .at("annotate_service_accounts")
}

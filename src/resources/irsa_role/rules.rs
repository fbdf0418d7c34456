//! What can be said of a role before apply: its mistakes, its sizes and its documents.

use super::model::{Account, IrsaRoleModel, PolicyKind, StatementModel};
use crate::domain::irsa::limits::{ATTACHMENTS, INLINE, MANAGED, Problem, TRUST, TRUST_RAISED, split};
use crate::domain::irsa::{ServiceAccount, Statement, Trust, policy, policy_json, same_policy, size, trust_policy};
use crate::explain::Explanation;
use crate::sdk::{Attr, Diagnostics, Plan, Seen, Set, View};

/// Finds what the attributes' own checks cannot.
pub fn validate(config: View<'_>, found: &mut Diagnostics) {
    check_issuer(config, found);
    let problems = statement_problems(config);
    for problem in &problems {
        found.error(&wrong(problem));
    }
    if problems.is_empty() {
        check_sizes(config, found);
    }
    check_trust(config, found);
}

fn wrong(problem: &Problem) -> Explanation {
    Explanation::new("BERTH-AWS-022", format!("`{}` is wrong: {}", problem.attribute, problem.text))
        .next("correct it; nothing was changed")
        .at(problem.attribute.clone())
}

fn check_issuer(config: View<'_>, found: &mut Diagnostics) {
    let (arn, url) = (config.at("oidc_provider_arn"), config.at("oidc_issuer_url"));
    if arn.is_null() && url.is_null() {
        let explanation = Explanation::new("BERTH-AWS-023", "A role needs to know which cluster's accounts it trusts");
        found.error(&explanation.next("set `oidc_provider_arn` or `oidc_issuer_url`").at("oidc_provider_arn"));
    }
    if arn.known().is_some() && url.known().is_some() {
        let explanation = Explanation::new("BERTH-AWS-023", "`oidc_provider_arn` and `oidc_issuer_url` are both set");
        found.error(&explanation.next("leave one of them out").at("oidc_issuer_url"));
    }
    if let Some(url) = config.text("oidc_issuer_url")
        && let Err(error) = crate::domain::irsa::oidc_host(url)
    {
        found.error(&wrong(&Problem::new("oidc_issuer_url", error.to_string())));
    }
}

/// The mistakes of those statements that are known.
fn statement_problems(config: View<'_>) -> Vec<Problem> {
    match config.read::<Vec<StatementModel>>("statements") {
        Some(statements) => policy::problems("statements", &permissions(&statements)),
        None => Vec::new(),
    }
}

fn permissions(statements: &[StatementModel]) -> Vec<Statement> {
    statements.iter().map(Statement::from).collect()
}

fn check_sizes(config: View<'_>, found: &mut Diagnostics) {
    let Some(statements) = config.read::<Vec<StatementModel>>("statements") else { return };
    let statements = permissions(&statements);
    let attached = config.read::<Set<String>>("managed_policy_arns").map_or(0, |arns| arns.len());
    match config.at("policy_kind") {
        Seen::Unknown => {}
        Seen::Known(kind) if kind.as_str() == Some(PolicyKind::Managed.as_str()) => {
            check_managed(&statements, attached, found);
        }
        Seen::Known(_) | Seen::Null => check_inline(&statements, found),
    }
}

fn check_inline(statements: &[Statement], found: &mut Diagnostics) {
    let characters = size(&policy_json(statements));
    if characters > INLINE {
        let what = format!("The role's inline policy has {characters} characters; IAM allows {INLINE}");
        let step =
            "set `policy_kind = \"managed\"`, which divides the statements over several policies, or shorten them";
        found.error(&Explanation::new("BERTH-AWS-024", what).next(step).at("statements"));
    }
}

fn check_managed(statements: &[Statement], attached: usize, found: &mut Diagnostics) {
    let documents = match split(statements, MANAGED) {
        Ok(documents) => documents.len(),
        Err((index, size)) => {
            let what =
                format!("One statement alone has {} characters; a managed policy may have {MANAGED}", size.characters);
            let explanation = Explanation::new("BERTH-AWS-024", what).next("divide it into several statements");
            found.error(&explanation.at(format!("statements[{index}]")));
            return;
        }
    };
    if documents + attached > ATTACHMENTS {
        let what = format!("The role would have {} managed policies; IAM allows {ATTACHMENTS}", documents + attached);
        let step = format!(
            "attach fewer policies; the statements alone need {documents}. AWS raises the quota on request, to 25 at most"
        );
        found.warning(&Explanation::new("BERTH-AWS-024", what).next(step).at("managed_policy_arns"));
    }
}

fn check_trust(config: View<'_>, found: &mut Diagnostics) {
    let Some(document) = trust_of(config, "arn:aws:iam::123456789012:oidc-provider/") else { return };
    let characters = size(&document);
    if characters <= TRUST {
        return;
    }
    let what = format!("The trust policy has {characters} characters; IAM allows {TRUST} unless AWS raised the quota");
    let step = format!("use wildcards, or several roles; AWS raises the quota on request, to {TRUST_RAISED} at most");
    let explanation = Explanation::new("BERTH-AWS-024", what).next(step).at("service_accounts");
    if characters > TRUST_RAISED { found.error(&explanation) } else { found.warning(&explanation) }
}

/// The trust policy as far as it is known; an issuer stands for a provider in the account `prefix` names.
fn trust_of(view: View<'_>, prefix: &str) -> Option<String> {
    let accounts = view.read::<Set<Account>>("service_accounts")?;
    let provider_arn = match (view.text("oidc_provider_arn"), view.text("oidc_issuer_url")) {
        (Some(arn), _) => arn.to_owned(),
        (None, Some(url)) => format!("{prefix}{}", crate::domain::irsa::oidc_host(url).ok()?),
        (None, None) => return None,
    };
    let audience = view.text("audience").unwrap_or(crate::domain::irsa::AUDIENCE).to_owned();
    let mut service_accounts: Vec<_> = accounts.iter().map(ServiceAccount::from).collect();
    service_accounts.sort();
    trust_policy(&[Trust { provider_arn, audience, service_accounts }]).ok()
}

/// How many characters of a document count.
pub fn characters(document: &str) -> i64 {
    i64::try_from(size(document)).unwrap_or(i64::MAX)
}

/// Plans what follows from the configuration alone, so that drift of it shows and the rest stays quiet.
pub fn plan_documents(plan: &mut Plan<'_>) {
    plan_policy(plan);
    plan_trust(plan);
    plan_attachments(plan);
}

fn plan_policy(plan: &mut Plan<'_>) {
    let statements = match plan.planned().at("statements") {
        Seen::Null => Some(Vec::new()),
        Seen::Unknown => None,
        Seen::Known(_) => plan.planned().read::<Vec<StatementModel>>("statements"),
    };
    let Some(statements) = statements else { return plan.leave_open(&["policy_json", "policy_characters"]) };
    let document = (!statements.is_empty()).then(|| policy_json(&permissions(&statements)));
    let count = document.as_deref().map_or(0, characters);
    plan_document(plan, "policy_json", document);
    plan.set("policy_characters", count.encode());
}

fn plan_trust(plan: &mut Plan<'_>) {
    let prefix = match plan.prior().text("arn").map(|arn| arn.splitn(6, ':').take(5).collect::<Vec<_>>().join(":")) {
        Some(account) => format!("{account}:oidc-provider/"),
        None if plan.planned().text("oidc_provider_arn").is_some() => String::new(),
        None => return plan.leave_open(&["assume_role_policy"]),
    };
    match trust_of(plan.planned(), &prefix) {
        Some(document) => plan_document(plan, "assume_role_policy", Some(document)),
        None => plan.leave_open(&["assume_role_policy"]),
    }
}

/// The prior wording is kept where it means the same.
fn plan_document(plan: &mut Plan<'_>, attribute: &str, document: Option<String>) {
    let prior = plan.prior().text(attribute).map(str::to_owned);
    let document = match (prior, document) {
        (Some(prior), Some(document)) if same_policy(&prior, &document) => Some(prior),
        (_, document) => document,
    };
    plan.set(attribute, document.encode());
}

/// What is attached is known beforehand, except for own policies that are still to be made.
fn plan_attachments(plan: &mut Plan<'_>) {
    let Some(model) = plan.model::<IrsaRoleModel>() else { return plan.leave_open(&["policy_arns"]) };
    let own = match (model.kind(), plan.prior().text("arn")) {
        (PolicyKind::Inline, _) => Vec::new(),
        (PolicyKind::Managed, None) => return plan.leave_open(&["policy_arns"]),
        (PolicyKind::Managed, Some(arn)) => super::policies::names_for(&model, arn),
    };
    let mut arns: Vec<String> = model.managed_policy_arns.iter().cloned().chain(own).collect();
    arns.sort();
    arns.dedup();
    plan.set("policy_arns", arns.encode());
}

//! What can be said of a role before apply: its mistakes, its sizes and its documents.

use super::model::{IrsaRoleModel, PolicyKind, StatementModel, annotations};
use super::trust;
use crate::domain::irsa::limits::{
    ATTACHMENTS, ATTACHMENTS_RAISED, INLINE, MANAGED, Problem, TRUST, TRUST_RAISED, check_policy_path, split,
};
use crate::domain::irsa::mistakes::{doubts, problems};
use crate::domain::irsa::{Statement, oidc_host, policy, policy_json, same_policy, size};
use crate::explain::Explanation;
use crate::sdk::{Attr, Diagnostics, Plan, Result, Seen, Set, Value, View};

/// Finds what the attributes' own checks cannot.
pub fn validate(config: View<'_>, found: &mut Diagnostics) {
    check_name(config, found);
    check_providers(config, found);
    check_annotated(config, found);
    check_statements(config, found);
    check_path(config, found);
    check_trust(config, found);
}

fn wrong(problem: &Problem) -> Explanation {
    Explanation::new("BERTH-AWS-022", format!("`{}` is wrong: {}", problem.attribute, problem.text))
        .next("correct it; nothing was changed")
        .at(problem.attribute.clone())
}

fn check_name(config: View<'_>, found: &mut Diagnostics) {
    let (name, prefix) = (config.at("name"), config.at("name_prefix"));
    if name.is_null() && prefix.is_null() {
        found.error(&nameless());
    }
    if name.is_given() && prefix.is_given() {
        let explanation = Explanation::new("BERTH-AWS-023", "`name` and `name_prefix` are both set");
        found.error(&explanation.next("leave one of them out").at("name_prefix"));
    }
}

/// That a role has neither name nor prefix.
pub fn nameless() -> Explanation {
    Explanation::new("BERTH-AWS-023", "The role has no name").next("set `name` or `name_prefix`").at("name")
}

/// The attributes that say which clusters' accounts are trusted.
const PROVIDERS: [&str; 3] = ["oidc_provider_arn", "oidc_issuer_url", "oidc_providers"];

fn check_providers(config: View<'_>, found: &mut Diagnostics) {
    let given: Vec<_> = PROVIDERS.into_iter().filter(|name| config.at(name).is_given()).collect();
    let is_alone = PROVIDERS.into_iter().all(|name| config.at(name).is_null());
    if is_alone && matches!(config.at("pod_identity"), Seen::Null | Seen::Known(Value::Bool(false))) {
        let explanation = Explanation::new("BERTH-AWS-023", "A role needs to know which cluster's accounts it trusts");
        let step =
            "set `oidc_provider_arn` or `oidc_issuer_url`, or `oidc_providers` for several clusters, or `pod_identity`";
        found.error(&explanation.next(step).at("oidc_provider_arn"));
    }
    check_accounts(config, is_alone, found);
    if let [first, .., last] = given.as_slice() {
        let explanation = Explanation::new("BERTH-AWS-023", format!("`{first}` and `{last}` are both set"));
        found.error(&explanation.next("leave one of them out").at(*last));
    }
    check_issuer(config.at("oidc_issuer_url"), "oidc_issuer_url", found);
    let several = config.at("oidc_providers").known().and_then(Value::elements);
    for provider in several.into_iter().flatten() {
        let (arn, url) = (View::new(provider).at("arn"), View::new(provider).at("issuer_url"));
        if (arn.is_null() && url.is_null()) || (arn.is_given() && url.is_given()) {
            let explanation = Explanation::new("BERTH-AWS-023", "A provider is named by its ARN or by its issuer");
            found.error(&explanation.next("set one of `arn` and `issuer_url` in each").at("oidc_providers"));
        }
        check_issuer(url, "oidc_providers", found);
    }
}

/// Accounts are those of a cluster's provider.
fn check_accounts(config: View<'_>, is_alone: bool, found: &mut Diagnostics) {
    let accounts = match config.at("service_accounts") {
        Seen::Unknown => return,
        Seen::Null => 0,
        Seen::Known(accounts) => accounts.elements().map_or(0, <[Value]>::len),
    };
    let explanation = match (is_alone, accounts) {
        (false, 0) => Explanation::new("BERTH-AWS-023", "The role names no service account that may assume it")
            .next("name those of the cluster, or leave its provider out of a role for `pod_identity` alone"),
        (true, 1..) if config.truth("pod_identity") == Some(true) => {
            Explanation::new("BERTH-AWS-023", "The role names service accounts, and not the cluster's provider")
                .next("set `oidc_provider_arn` or `oidc_issuer_url`; or leave the accounts out: for Pod Identity, `berth_pod_identity` names them")
        }
        _ => return,
    };
    found.error(&explanation.at("service_accounts"));
}

fn check_issuer(url: Seen<'_>, attribute: &str, found: &mut Diagnostics) {
    if let Some(url) = url.known().and_then(Value::as_str)
        && let Err(error) = oidc_host(url)
    {
        found.error(&wrong(&Problem::new(attribute, error.to_string())));
    }
}

/// An annotation goes to accounts that are named, not to all that a wildcard may stand for.
fn check_annotated(config: View<'_>, found: &mut Diagnostics) {
    if config.truth("annotate_service_accounts") != Some(true) {
        return;
    }
    let has_wildcard = |account: &&Value| {
        let part = |name| View::new(account).text(name).is_some_and(|part: &str| part.contains(['*', '?']));
        part("namespace") || part("name")
    };
    let accounts = config.at("service_accounts").known().and_then(Value::elements);
    if accounts.into_iter().flatten().any(|account| has_wildcard(&account)) {
        let what = "Service accounts that are named by a wildcard cannot be annotated";
        let step =
            "name each account, or leave `annotate_service_accounts` out and set the role's `annotations` on them";
        found.error(&Explanation::new("BERTH-AWS-023", what).next(step).at("service_accounts"));
    }
}

/// The mistakes of those statements that are known.
fn check_statements(config: View<'_>, found: &mut Diagnostics) {
    let statements = config.read::<Vec<StatementModel>>("statements").map(|statements| permissions(&statements));
    let statements = statements.unwrap_or_default();
    let mistakes = problems("statements", &statements);
    for problem in &mistakes {
        found.error(&wrong(problem));
    }
    if mistakes.is_empty() {
        for doubt in doubts("statements", &statements) {
            let what = format!("`{}` may be wrong: {}", doubt.attribute, doubt.text);
            let step = "check that it means what you want: it is sent as it is, and IAM has the last word";
            found.warning(&Explanation::new("BERTH-AWS-035", what).next(step).at(doubt.attribute));
        }
        check_sizes(config, found);
    }
}

/// What a plan could not tell of a role, because it was not known yet.
///
/// # Errors
/// The first mistake.
pub fn settled(model: &IrsaRoleModel) -> Result<()> {
    problems("statements", &model.permissions()).first().map_or(Ok(()), |problem| Err(wrong(problem)))
}

/// The role's own managed policies lie under its path, where fewer characters are allowed.
fn check_path(config: View<'_>, found: &mut Diagnostics) {
    let managed = config.text("policy_kind") == Some(PolicyKind::Managed.as_str());
    let Some(Err(fault)) = config.text("path").filter(|_| managed).map(check_policy_path) else { return };
    let what = format!("The role's managed policies cannot lie under its path: it {fault}");
    let step = "choose another path, or `policy_kind = \"inline\"`; nothing was changed";
    found.error(&Explanation::new("BERTH-AWS-022", what).next(step).at("path"));
}

fn permissions(statements: &[StatementModel]) -> Vec<Statement> {
    statements.iter().map(Statement::from).collect()
}

fn check_sizes(config: View<'_>, found: &mut Diagnostics) {
    let statements = match config.at("statements") {
        Seen::Null => Vec::new(),
        _ => match config.read::<Vec<StatementModel>>("statements") {
            Some(statements) => permissions(&statements),
            None => return,
        },
    };
    let attached = config.read::<Set<String>>("managed_policy_arns").map_or(0, |arns| arns.len());
    match config.at("policy_kind") {
        Seen::Unknown => {}
        Seen::Known(kind) if kind.as_str() == Some(PolicyKind::Managed.as_str()) => {
            check_managed(&statements, attached, found);
        }
        Seen::Known(_) | Seen::Null => {
            check_inline(&statements, found);
            check_attachments(0, attached, found);
        }
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
    check_attachments(documents, attached, found);
}

fn check_attachments(documents: usize, attached: usize, found: &mut Diagnostics) {
    if documents + attached > ATTACHMENTS {
        let what = format!("The role would have {} managed policies; IAM allows {ATTACHMENTS}", documents + attached);
        let step = format!(
            "attach fewer policies; the statements alone need {documents}. AWS raises the quota on request, to \
             {ATTACHMENTS_RAISED} at most"
        );
        let explanation = Explanation::new("BERTH-AWS-024", what).next(step).at("managed_policy_arns");
        let raised = documents + attached <= ATTACHMENTS_RAISED;
        if raised { found.warning(&explanation) } else { found.error(&explanation) }
    }
}

fn check_trust(config: View<'_>, found: &mut Diagnostics) {
    let Some(document) = trust::known(config, "arn:aws:iam::123456789012") else { return };
    let characters = size(&document);
    if characters <= TRUST {
        return;
    }
    let what = format!("The trust policy has {characters} characters; IAM allows {TRUST} unless AWS raised the quota");
    let step = format!("use wildcards, or several roles; AWS raises the quota on request, to {TRUST_RAISED} at most");
    let explanation = Explanation::new("BERTH-AWS-024", what).next(step).at("service_accounts");
    if characters > TRUST_RAISED { found.error(&explanation) } else { found.warning(&explanation) }
}

/// How many characters of a document count, in the words that we would write it in.
pub fn characters(document: &str) -> i64 {
    let ours = policy::parse_policy(document).map(|statements| policy_json(&statements));
    i64::try_from(size(ours.as_deref().unwrap_or(document))).unwrap_or(i64::MAX)
}

/// Plans what follows from the configuration, so that drift of it shows and the rest stays quiet. `account` begins the ARNs
/// of the account, where it is known (`arn:aws:iam::123456789012`).
pub fn plan_documents(plan: &mut Plan<'_>, account: Option<&str>) {
    plan_name(plan);
    plan_arn(plan, account);
    plan_policy(plan);
    plan_trust(plan, account);
    plan_attachments(plan, account);
}

/// The ARN of a new role follows from its name and path.
fn plan_arn(plan: &mut Plan<'_>, account: Option<&str>) {
    if !plan.is_create() {
        return;
    }
    let planned = plan.planned();
    let (Some(account), Some(path), Some(name)) = (account, planned.text("path"), planned.text("name")) else { return };
    let arn = format!("{account}:role{path}{name}");
    plan.set("annotations", annotations(&arn).encode());
    plan.set("arn", arn.as_str().into());
}

/// The document is shown where `statements` do not tell the change already: it would say the same again.
fn plan_policy(plan: &mut Plan<'_>) {
    let statements = match plan.planned().at("statements") {
        Seen::Null => Some(Vec::new()),
        Seen::Unknown => None,
        Seen::Known(_) => plan.planned().read::<Vec<StatementModel>>("statements"),
    };
    let Some(statements) = statements else { return plan.leave_open(&["policy_json", "policy_characters"]) };
    let document = (!statements.is_empty()).then(|| policy_json(&permissions(&statements)));
    plan.set("policy_characters", document.as_deref().map_or(0, characters).encode());
    if document.is_some() && plan.changes("statements") {
        plan.leave_open(&["policy_json"]);
    } else {
        plan_document(plan, "policy_json", document);
    }
}

fn plan_trust(plan: &mut Plan<'_>, account: Option<&str>) {
    let account = match account {
        Some(account) => account,
        None if trust::needs_no_account(plan.planned()) => "",
        None => return plan.leave_open(&["assume_role_policy"]),
    };
    match trust::known(plan.planned(), account) {
        Some(document) => plan_document(plan, "assume_role_policy", Some(document)),
        None => plan.leave_open(&["assume_role_policy"]),
    }
}

/// A role whose name does not begin as it should needs another one.
fn plan_name(plan: &mut Plan<'_>) {
    let prefix = plan.planned().text("name_prefix").map(str::to_owned);
    let (Some(name), Some(prefix)) = (plan.prior().text("name"), prefix) else { return };
    if plan.config().at("name").is_null() && !name.starts_with(&prefix) {
        plan.set("name", Value::Unknown);
        plan.replace_for("name_prefix");
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

/// What is attached is known beforehand, except for own policies of an account that is not known.
fn plan_attachments(plan: &mut Plan<'_>, account: Option<&str>) {
    let Some(model) = plan.model::<IrsaRoleModel>() else { return plan.leave_open(&["policy_arns"]) };
    let own = match (model.kind(), account) {
        (PolicyKind::Inline, _) => Vec::new(),
        (PolicyKind::Managed, Some(account)) if !model.role_name().is_empty() => {
            super::policies::names_for(&model, account)
        }
        (PolicyKind::Managed, _) => return plan.leave_open(&["policy_arns"]),
    };
    let mut arns: Vec<String> = model.managed_policy_arns.iter().cloned().chain(own).collect();
    arns.sort();
    arns.dedup();
    plan.set("policy_arns", arns.encode());
}

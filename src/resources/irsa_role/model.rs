//! What a user declares of a role.

use std::collections::BTreeMap;

use crate::clients::aws::iam::Role;
use crate::domain::irsa::limits::SESSION;
use crate::domain::irsa::{AUDIENCE, Condition, Effect, ROLE_ANNOTATION, ServiceAccount, Statement, limits};
use crate::domain::irsa::{document, policy_json};
use crate::resources::aws_tags;
use crate::sdk::{Attr, Check, Computed, Model, Path, Set, Timeouts, Value, check};

/// An IAM role for service accounts.
#[derive(Clone, Debug, Model)]
pub struct IrsaRoleModel {
    /// The role's name: letters, digits and `+=,.@_-`, at most 64 characters. A change replaces the role, since IAM
    /// cannot rename one. Either this or `name_prefix`.
    #[attr(optional, keep, replace, check = check::text("must have 1 to 64 characters: letters, digits and `+=,.@_-`", limits::check_role_name))]
    pub name: Computed<String>,
    /// The beginning of a name that is made unique by twelve hexadecimal digits; at most 52 characters. The name is kept
    /// as long as it begins so; otherwise a change replaces the role. Either this or `name`.
    #[attr(check = check::text("must have 1 to 52 characters: letters, digits and `+=,.@_-`", limits::check_name_prefix))]
    pub name_prefix: Option<String>,
    /// The path of the role and of its own managed policies. A change replaces the role. Default `/`.
    #[attr(replace, default = "/", check = check::text("must begin and end with `/`", limits::check_path))]
    pub path: String,
    /// What the role is for, at most 1,000 characters of Latin-1 (no typographical quotes or dashes). Changed in place.
    #[attr(check = check::text("must have at most 1,000 characters of Latin-1", limits::check_description))]
    pub description: Option<String>,
    /// The ARN of the cluster's OIDC provider in IAM (`berth_oidc_provider`'s `arn`). One of this, `oidc_issuer_url` and
    /// `oidc_providers`. Changed in place.
    #[attr(check = provider_check())]
    pub oidc_provider_arn: Option<String>,
    /// The cluster's issuer, from which the provider's ARN in the caller's account and partition (`aws`, `aws-cn`,
    /// `aws-us-gov`) follows. Changed in place.
    pub oidc_issuer_url: Option<String>,
    /// The providers of several clusters, for a role that the same service accounts of each may assume, for instance
    /// while workloads move from one cluster to the next. The trust policy has a statement for each, which pins subject
    /// and audience by that issuer's own keys. Changed in place.
    #[attr(check = check::at_least(1))]
    pub oidc_providers: Option<Set<ProviderModel>>,
    /// Who may assume the role. `*` and `?` in a part admit several accounts; exact ones stay pinned exactly. At least one,
    /// unless the role is for `pod_identity` alone. Changed in place.
    #[attr(default = Value::set(Vec::new()))]
    pub service_accounts: Set<Account>,
    /// Whether EKS Pod Identity may give the role to Pods: the trust policy admits `pods.eks.amazonaws.com` as well, for the
    /// associations that `berth_pod_identity` makes. A role for Pod Identity alone needs neither a provider nor accounts;
    /// one with both lets an account go from its annotation to an association and back. Changed in place. Default `false`.
    #[attr(default = false)]
    pub pod_identity: bool,
    /// The audience that tokens must be made for. Default `sts.amazonaws.com`.
    #[attr(default = AUDIENCE, check = check::length(1, 255))]
    pub audience: String,
    /// What the role may do. Order and spelling make no difference. Changed in place.
    #[attr(equal = same_statements)]
    pub statements: Option<Vec<StatementModel>>,
    /// ARNs of managed policies to attach, 10 with the role's own unless AWS raised the quota. Others are detached.
    #[attr(default = Vec::<String>::new(), check = arn_check())]
    pub managed_policy_arns: Set<String>,
    /// Where `statements` go: `inline` into the role itself (10,240 characters in all), or `managed` into managed
    /// policies of their own, called like the role, as many as they need (6,144 characters each, white space not
    /// counted). One of that name that this role did not make is written to only if the role alone has it, as after an
    /// import, and it does not stand in `managed_policy_arns`. Changed in place. Default `inline`.
    #[attr(default = "inline", check = check::one_of(&["inline", "managed"]))]
    pub policy_kind: String,
    /// The ARN of the policy that bounds the role's rights; none if it is absent or empty. Changed in place.
    #[attr(check = boundary_check())]
    pub permissions_boundary: Option<String>,
    /// How long a session may last, 3,600 to 43,200 seconds. Changed in place.
    #[attr(default = 3600, check = check::range(i64::from(*SESSION.start()), i64::from(*SESSION.end())))]
    pub max_session_duration: u32,
    /// Tags, beside the provider's `default_tags`. Changed in place.
    #[attr(check = aws_tags::check(), check = aws_tags::check_case())]
    pub tags: Option<BTreeMap<String, String>>,
    /// All tags of the role: `tags` and the provider's `default_tags`.
    pub tags_all: Computed<BTreeMap<String, String>>,
    /// Whether to write the annotation `eks.amazonaws.com/role-arn` to the service accounts themselves, by the
    /// provider's `kubernetes` settings; they may have no wildcards then. An account that does not exist yet is warned
    /// of, and annotated by a later apply. On destroy, and when an account is no longer named here, the annotation is taken
    /// off where it still names this role and berth wrote it; one that others wrote stays. What could not be taken off is
    /// tried again by the next apply. Pods started before must be restarted. Default `false`.
    #[attr(default = false)]
    pub annotate_service_accounts: bool,
    /// The role's ARN.
    #[attr(keep)]
    pub arn: Computed<String>,
    /// The id that no other role ever has.
    #[attr(keep)]
    pub unique_id: Computed<String>,
    /// The ARNs of all managed policies attached to the role: its own and `managed_policy_arns`.
    pub policy_arns: Computed<Vec<String>>,
    /// The annotations that a service account needs to assume the role.
    #[attr(keep)]
    pub annotations: Computed<BTreeMap<String, String>>,
    /// The trust policy, as JSON.
    #[attr(equal = same_document)]
    pub assume_role_policy: Computed<String>,
    /// The permissions of `statements`, as JSON.
    #[attr(equal = same_document)]
    pub policy_json: Computed<String>,
    /// How many characters of the permissions count against IAM's limits, as berth writes them.
    pub policy_characters: Computed<i64>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// A cluster's OIDC provider in IAM: one of the two.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Model)]
pub struct ProviderModel {
    /// The provider's ARN.
    #[attr(check = provider_check())]
    pub arn: Option<String>,
    /// The cluster's issuer, from which the ARN in the caller's account and partition follows.
    pub issuer_url: Option<String>,
}

/// A service account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Model)]
pub struct Account {
    /// Its namespace; `*` and `?` are wildcards.
    #[attr(check = part_check())]
    pub namespace: String,
    /// Its name; `*` and `?` are wildcards.
    #[attr(check = part_check())]
    pub name: String,
}

/// A statement of the role's permissions.
#[derive(Clone, Debug, PartialEq, Model)]
pub struct StatementModel {
    /// A name within the policy: letters and digits, unique.
    pub sid: Option<String>,
    /// `Allow` or `Deny`, in any case. Default `Allow`.
    #[attr(default = "Allow", equal = same_word, check = effect_check())]
    pub effect: String,
    /// `service:Action`, with wildcards. This or `not_actions`.
    pub actions: Option<Set<String>>,
    /// All actions but these, instead of `actions`.
    pub not_actions: Option<Set<String>>,
    /// ARNs with wildcards, or `*`. IAM completes an ARN that ends early, such as `arn:aws:ecr:*`. This or `not_resources`.
    pub resources: Option<Set<String>>,
    /// All resources but these, instead of `resources`.
    pub not_resources: Option<Set<String>>,
    /// Conditions, which must all hold. Two of one test and variable cannot: a policy has one list of values for both, of
    /// which any one would do. For tests that forbid (`StringNotLike` and its like) the lists are joined, which means the
    /// same; for others it is an error.
    pub conditions: Option<Vec<ConditionModel>>,
}

/// A condition of a statement.
#[derive(Clone, Debug, PartialEq, Model)]
pub struct ConditionModel {
    /// The operator, such as `StringEquals`.
    pub test: String,
    /// The context key, such as `aws:RequestedRegion`.
    pub variable: String,
    /// Any of these must match.
    pub values: Set<String>,
}

/// Where the statements go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// Into the role.
    Inline,
    /// Into managed policies of its own.
    Managed,
}

impl PolicyKind {
    /// The attribute's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Managed => "managed",
        }
    }
}

impl IrsaRoleModel {
    /// The role's name; empty before it is made up.
    pub fn role_name(&self) -> &str {
        self.name.get().map_or("", String::as_str)
    }

    /// Whether a live role of this name is another one than the state tells of: made anew by somebody else.
    pub fn is_another(&self, live: &Role) -> bool {
        self.unique_id.get().is_some_and(|id| !id.is_empty() && *id != live.unique_id)
    }

    /// The providers of the clusters whose accounts are trusted.
    pub fn providers(&self) -> Vec<ProviderModel> {
        let several = self.oidc_providers.iter().flat_map(|providers| providers.iter()).cloned();
        let (arn, issuer_url) = (self.oidc_provider_arn.clone(), self.oidc_issuer_url.clone());
        let one = (arn.is_some() || issuer_url.is_some()).then_some(ProviderModel { arn, issuer_url });
        one.into_iter().chain(several).collect()
    }

    /// Where the statements go.
    pub fn kind(&self) -> PolicyKind {
        if self.policy_kind == PolicyKind::Managed.as_str() { PolicyKind::Managed } else { PolicyKind::Inline }
    }

    /// Who may assume the role, in order.
    pub fn accounts(&self) -> Vec<ServiceAccount> {
        let mut accounts: Vec<_> = self.service_accounts.iter().map(ServiceAccount::from).collect();
        accounts.sort();
        accounts
    }

    /// What the role may do.
    pub fn permissions(&self) -> Vec<Statement> {
        self.statements.iter().flatten().map(Statement::from).collect()
    }

    /// The policy that bounds the role's rights.
    pub fn boundary(&self) -> Option<&str> {
        self.permissions_boundary.as_deref().filter(|arn| !arn.is_empty())
    }

    /// Fills in the annotations for service accounts.
    pub fn set_annotations(&mut self, arn: &str) {
        self.annotations.set(annotations(arn));
    }
}

/// What a service account needs to assume the role of this ARN.
pub fn annotations(arn: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(ROLE_ANNOTATION.to_owned(), arn.to_owned())])
}

impl From<&Account> for ServiceAccount {
    fn from(account: &Account) -> Self {
        Self { namespace: account.namespace.clone(), name: account.name.clone() }
    }
}

impl From<&ServiceAccount> for Account {
    fn from(account: &ServiceAccount) -> Self {
        Self { namespace: account.namespace.clone(), name: account.name.clone() }
    }
}

impl From<&StatementModel> for Statement {
    fn from(model: &StatementModel) -> Self {
        let conditions = model.conditions.iter().flatten().map(|condition| Condition {
            test: condition.test.clone(),
            variable: condition.variable.clone(),
            values: condition.values.to_vec(),
        });
        Self {
            sid: model.sid.clone().filter(|sid| !sid.is_empty()),
            effect: Effect::parse(&model.effect).unwrap_or_default(),
            actions: listed(model.actions.as_ref()),
            not_actions: listed(model.not_actions.as_ref()),
            resources: listed(model.resources.as_ref()),
            not_resources: listed(model.not_resources.as_ref()),
            conditions: conditions.collect(),
        }
    }
}

impl From<&Statement> for StatementModel {
    fn from(statement: &Statement) -> Self {
        let conditions = statement.conditions.iter().map(|condition| ConditionModel {
            test: condition.test.clone(),
            variable: condition.variable.clone(),
            values: condition.values.iter().cloned().collect(),
        });
        Self {
            sid: statement.sid.clone(),
            effect: statement.effect.as_str().to_owned(),
            actions: given(&statement.actions),
            not_actions: given(&statement.not_actions),
            resources: given(&statement.resources),
            not_resources: given(&statement.not_resources),
            conditions: (!statement.conditions.is_empty()).then(|| conditions.collect()),
        }
    }
}

fn listed(texts: Option<&Set<String>>) -> Vec<String> {
    texts.map(|texts| texts.to_vec()).unwrap_or_default()
}

/// A list that is left out where it is empty.
fn given(texts: &[String]) -> Option<Set<String>> {
    (!texts.is_empty()).then(|| texts.iter().cloned().collect())
}

fn provider_check() -> Check {
    check::text("must be the ARN of an OIDC provider in IAM", |arn| match crate::domain::irsa::oidc_host(arn) {
        Ok(_) if arn.starts_with("arn:") => Ok(()),
        _ => Err(format!(
            "must be the ARN of an OIDC provider (`arn:aws:iam::ACCOUNT:oidc-provider/HOST`), and is `{arn}`"
        )),
    })
}

fn arn_check() -> Check {
    check::text("must be the ARN of a managed policy", |arn| {
        let good = arn.starts_with("arn:") && arn.contains(":policy/") && !arn.contains(char::is_whitespace);
        if good { Ok(()) } else { Err(format!("must be the ARN of a managed policy, and is `{arn}`")) }
    })
}

/// An empty text stands for none: where a variable of CI is not set.
fn boundary_check() -> Check {
    let arn = arn_check();
    Check::new("must be the ARN of a managed policy", move |value| match value.as_str() {
        Some("") => Ok(()),
        _ => arn.test(value),
    })
}

fn part_check() -> Check {
    check::text("must be a name as Kubernetes has them; `*` and `?` are wildcards", |part| {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '*' | '?');
        if !part.is_empty() && part.len() <= 253 && part.chars().all(good) {
            return Ok(());
        }
        Err(format!(
            "must be a name as Kubernetes has them (lower-case letters, digits, `-`, `.`, wildcards), and is `{part}`"
        ))
    })
}

fn effect_check() -> Check {
    check::text("must be `Allow` or `Deny`", |effect| match Effect::parse(effect) {
        Some(_) => Ok(()),
        None => Err(format!("must be `Allow` or `Deny`, and is `{effect}`")),
    })
}

fn same_word(mine: &Value, theirs: &Value) -> bool {
    mine.as_str().zip(theirs.as_str()).is_some_and(|(mine, theirs)| mine.eq_ignore_ascii_case(theirs))
}

fn same_document(mine: &Value, theirs: &Value) -> bool {
    mine.as_str().zip(theirs.as_str()).is_some_and(|(mine, theirs)| document::same_policy(mine, theirs))
}

fn same_statements(mine: &Value, theirs: &Value) -> bool {
    let document = |value: &Value| {
        let statements = Vec::<StatementModel>::decode(value, &Path::root()).ok()?;
        Some(policy_json(&statements.iter().map(Statement::from).collect::<Vec<_>>()))
    };
    match (document(mine), document(theirs)) {
        (Some(mine), Some(theirs)) => document::same_policy(&mine, &theirs),
        _ => false,
    }
}

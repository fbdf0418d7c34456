//! Which objects of an account the permissions are for.

use serde_json::{Map, Value};

use crate::domain::irsa::Partition;
use crate::domain::irsa::limits::check_path;

/// Kinds of objects that permissions are given on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Everything: the action knows no narrower resource.
    Anything,
    /// Hosted zones.
    Zones,
    /// Changes of hosted zones.
    Changes,
    /// Roles.
    Roles,
    /// Managed policies of roles' own.
    Policies,
    /// OIDC providers.
    Providers,
    /// Instance profiles that somebody put a role into.
    Profiles,
    /// Clusters of EKS.
    Clusters,
    /// Pod Identity associations in clusters of EKS.
    Associations,
}

/// What the permissions are narrowed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    partition: Partition,
    account: String,
    path: String,
    roles: Vec<String>,
    zones: Vec<String>,
    clusters: Vec<String>,
    preflights: bool,
}

/// What is wrong with a scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// There is no such option.
    #[error(
        "there is no option `{0}`; known are `partition`, `account_id`, `path`, `role_names`, `hosted_zone_ids`, `cluster_names`, `plan_only`, `preflights`"
    )]
    Unknown(String),
    /// An option has the wrong value.
    #[error("the option `{0}` {1}")]
    Wrong(&'static str, String),
}

impl Default for Scope {
    fn default() -> Self {
        let any = || vec!["*".to_owned()];
        let (path, account) = ("/".to_owned(), "*".to_owned());
        let preflights = false;
        Self { partition: Partition::Aws, account, path, roles: any(), zones: any(), clusters: any(), preflights }
    }
}

impl Scope {
    /// Reads options. `plan_only` is the caller's.
    pub fn read(options: &Map<String, Value>) -> Result<Self, ScopeError> {
        let mut scope = Self::default();
        for (name, value) in options.iter().filter(|(_, value)| !value.is_null()) {
            match name.as_str() {
                "partition" => scope.partition = partition(value)?,
                "account_id" => scope.account = account(value)?,
                "path" => scope.path = path(value)?,
                "role_names" => scope.roles = texts("role_names", value)?,
                "cluster_names" => scope.clusters = texts("cluster_names", value)?,
                "hosted_zone_ids" => {
                    let bare = |id: String| id.rsplit('/').next().unwrap_or_default().to_owned();
                    scope.zones = texts("hosted_zone_ids", value)?.into_iter().map(bare).collect();
                }
                "plan_only" => {}
                "preflights" => {
                    let wrong = || ScopeError::Wrong("preflights", "must be `true` or `false`".to_owned());
                    scope.preflights = value.as_bool().ok_or_else(wrong)?;
                }
                _ => return Err(ScopeError::Unknown(name.clone())),
            }
        }
        Ok(scope)
    }

    /// Whether what only warnings need counts.
    pub(super) fn preflights(&self) -> bool {
        self.preflights
    }

    /// The ARNs of objects of a kind.
    pub(super) fn resources(&self, on: On) -> Vec<String> {
        let iam = |rest: String| format!("arn:{}:iam::{}:{rest}", self.partition, self.account);
        let each = |names: &[String], arn: &dyn Fn(&String) -> String| names.iter().map(arn).collect();
        match on {
            On::Anything => vec!["*".to_owned()],
            On::Zones => each(&self.zones, &|id| format!("arn:{}:route53:::hostedzone/{id}", self.partition)),
            On::Changes => vec![format!("arn:{}:route53:::change/*", self.partition)],
            On::Roles => each(&self.roles, &|name| iam(format!("role{}{name}", self.path))),
            On::Policies => {
                // From the second on, they have a number after the role's name.
                let numbered = |name: &String| (!name.ends_with('*')).then(|| format!("{name}.*"));
                let names = self.roles.iter().flat_map(|name| [Some(name.clone()), numbered(name)]).flatten();
                names.map(|name| iam(format!("policy{}{name}", self.path))).collect()
            }
            On::Providers => vec![iam("oidc-provider/*".to_owned())],
            On::Profiles => vec![iam("instance-profile/*".to_owned())],
            On::Clusters => {
                each(&self.clusters, &|name| format!("arn:{}:eks:*:{}:cluster/{name}", self.partition, self.account))
            }
            On::Associations => each(&self.clusters, &|name| {
                format!("arn:{}:eks:*:{}:podidentityassociation/{name}/*", self.partition, self.account)
            }),
        }
    }
}

fn text<'a>(name: &'static str, value: &'a Value) -> Result<&'a str, ScopeError> {
    let text = value.as_str().filter(|text| !text.is_empty());
    text.ok_or_else(|| ScopeError::Wrong(name, "must be a string that is not empty".to_owned()))
}

fn texts(name: &'static str, value: &Value) -> Result<Vec<String>, ScopeError> {
    match value {
        Value::Array(values) if !values.is_empty() => {
            values.iter().map(|value| text(name, value).map(str::to_owned)).collect()
        }
        Value::Array(_) => Err(ScopeError::Wrong(name, "must hold at least one text; leave it out for all".to_owned())),
        single => Ok(vec![text(name, single)?.to_owned()]),
    }
}

fn partition(value: &Value) -> Result<Partition, ScopeError> {
    let text = text("partition", value)?;
    let wrong = || ScopeError::Wrong("partition", format!("must be `aws`, `aws-cn` or `aws-us-gov`, and is `{text}`"));
    Partition::parse(text).ok_or_else(wrong)
}

fn account(value: &Value) -> Result<String, ScopeError> {
    let text = text("account_id", value)?;
    if text.len() == 12 && text.bytes().all(|octet| octet.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err(ScopeError::Wrong("account_id", format!("must have twelve digits, and is `{text}`")))
}

fn path(value: &Value) -> Result<String, ScopeError> {
    let text = text("path", value)?;
    check_path(text).map_err(|problem| ScopeError::Wrong("path", problem))?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(options: &Value) -> Result<Scope, ScopeError> {
        Scope::read(options.as_object().unwrap())
    }

    #[test]
    fn narrows_to_what_is_named() {
        let options = json!({
            "partition": "aws-cn", "account_id": "123456789012", "path": "/team/", "role_names": ["prod-*", "dns"],
            "hosted_zone_ids": "/hostedzone/Z1", "plan_only": true,
        });
        let scope = read(&options).unwrap();
        assert_eq!(scope.resources(On::Zones), ["arn:aws-cn:route53:::hostedzone/Z1"]);
        let (role, policy) = ("arn:aws-cn:iam::123456789012:role/team/", "arn:aws-cn:iam::123456789012:policy/team/");
        assert_eq!(scope.resources(On::Roles), [format!("{role}prod-*"), format!("{role}dns")]);
        let policies = ["prod-*", "dns", "dns.*"].map(|name| format!("{policy}{name}"));
        assert_eq!(scope.resources(On::Policies), policies);
    }

    #[test]
    fn everything_is_meant_by_default() {
        let scope = read(&json!({})).unwrap();
        assert_eq!(scope.resources(On::Roles), ["arn:aws:iam::*:role/*"]);
        assert_eq!(scope.resources(On::Zones), ["arn:aws:route53:::hostedzone/*"]);
        assert_eq!(scope.resources(On::Clusters), ["arn:aws:eks:*:*:cluster/*"]);
    }

    #[test]
    fn each_wrong_option_is_named() {
        for (options, words) in [
            (json!({ "zone": "Z1" }), "`hosted_zone_ids`"),
            (json!({ "partition": "china" }), "`aws-cn`"),
            (json!({ "account_id": "1" }), "twelve digits"),
            (json!({ "path": "team" }), "begin and end with `/`"),
            (json!({ "role_names": [] }), "`role_names` must hold at least one"),
            (json!({ "role_names": [1] }), "`role_names` must be a string"),
        ] {
            let error = read(&options).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}

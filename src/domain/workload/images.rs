//! Pulling from ECR, and through it.
//!
//! Sources: AWS's managed policies `AmazonEC2ContainerRegistryPullOnly` and `…ReadOnly`
//! (<https://docs.aws.amazon.com/AmazonECR/latest/userguide/security-iam-awsmanpol.html>), and
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html>.

use super::arguments::{Arguments, Kind, Parameter};
use super::place::{ACCOUNT, Place, REGION};
use super::{Workload, WorkloadError, allow, anything};
use crate::domain::irsa::Statement;

const PULL: [&str; 3] = ["BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"];
const DESCRIBE: [&str; 3] = ["DescribeImages", "DescribeRepositories", "ListImages"];

pub(super) const READ: Workload = Workload {
    name: "ecr-read",
    about: "pulls from ECR, and what its repositories hold",
    parameters: &[
        Parameter::optional(
            "repositories",
            Kind::Texts,
            "names of repositories (`*` is a wildcard) or their ARNs; all if left out",
        ),
        REGION,
        ACCOUNT,
    ],
    statements: read,
};

pub(super) const PULL_THROUGH: Workload = Workload {
    name: "ecr-pull-through",
    about: "pulls through ECR's cache of other registries, which makes repositories as they are needed",
    parameters: &[
        Parameter::optional(
            "prefixes",
            Kind::Texts,
            "the prefixes of the cache rules, such as `docker-hub`; all if left out",
        ),
        REGION,
        ACCOUNT,
    ],
    statements: pull_through,
};

fn read(arguments: &Arguments<'_>) -> Result<Vec<Statement>, WorkloadError> {
    let place = Place::of(arguments)?;
    let named = place.arns(arguments, "repositories", "ecr", |name| format!("repository/{name}"))?;
    let repositories = or_all(named, &place);
    Ok(vec![login(), allow("Pull", "ecr", &[PULL, DESCRIBE].concat(), repositories)])
}

fn pull_through(arguments: &Arguments<'_>) -> Result<Vec<Statement>, WorkloadError> {
    let place = Place::of(arguments)?;
    let below = |prefix: &str| format!("repository/{}/*", prefix.trim_end_matches("/*").trim_end_matches('/'));
    let repositories = or_all(place.arns(arguments, "prefixes", "ecr", below)?, &place);
    Ok(vec![
        login(),
        allow("Pull", "ecr", &PULL, repositories.clone()),
        allow("Import", "ecr", &["BatchImportUpstreamImage", "CreateRepository"], repositories),
    ])
}

/// A login is for the whole registry.
fn login() -> Statement {
    allow("Login", "ecr", &["GetAuthorizationToken"], anything())
}

fn or_all(named: Vec<String>, place: &Place<'_>) -> Vec<String> {
    if named.is_empty() { vec![place.arn("ecr", "repository/*")] } else { named }
}

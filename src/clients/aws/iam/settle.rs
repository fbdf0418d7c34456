//! IAM knows new objects late: what it refuses for that reason is asked again, and the last answer tells how often.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use super::{AwsError, Iam, lock};
use crate::retry::{Budget, Pace};

/// How long IAM may need until a new object is known everywhere
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>).
const SETTLING: Duration = Duration::from_mins(1);
/// How long a refused principal is asked for again that we did not make: another provider may just have made it.
const PRINCIPAL: Duration = Duration::from_secs(20);
/// How long a name is asked for that nobody may ever have made.
const SOON: Duration = Duration::from_secs(3);
/// Pauses in between.
const PAUSES: Pace = Pace::new(Duration::from_millis(500), Duration::from_secs(5));

/// Names and ARNs that this process made, and when.
#[derive(Debug, Default)]
pub(super) struct Made(Mutex<BTreeMap<String, Instant>>);

impl Made {
    /// Notes that these are new.
    pub(super) fn note(&self, keys: &[&str]) {
        let now = Instant::now();
        lock(&self.0).extend(keys.iter().map(|key| ((*key).to_owned(), now)));
    }

    /// Notes that these are gone.
    pub(super) fn forget(&self, keys: &[&str]) {
        lock(&self.0).retain(|key, _| !keys.contains(&key.as_str()));
    }

    /// Whether something new is among the names, or its ARN within one of the documents.
    fn is_among(&self, names: &[&str]) -> bool {
        let is_named =
            |key: &str| names.iter().any(|name| *name == key || (key.starts_with("arn:") && name.contains(key)));
        lock(&self.0).iter().any(|(key, at)| at.elapsed() < SETTLING && is_named(key))
    }
}

impl Iam {
    /// Repeats a request while something new of ours that it names may not be known to all of IAM yet: then it is
    /// answered `NoSuchEntity`, or `MalformedPolicyDocument` for a principal. `names` are the names, ARNs and
    /// documents that the request holds.
    pub(super) async fn settled<T, F, Fut>(&self, budget: &Budget, names: &[&str], request: F) -> Result<T, AwsError>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, AwsError>>,
    {
        again(budget, request, |error, _| is_late(error) && self.0.made.is_among(names)).await
    }

    /// The same for a few seconds.
    pub(super) async fn settled_soon<T, F, Fut>(
        &self,
        budget: &Budget,
        names: &[&str],
        request: F,
    ) -> Result<T, AwsError>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, AwsError>>,
    {
        let may_pass = |error: &AwsError, asked_for| is_late(error) && asked_for < SOON && self.0.made.is_among(names);
        again(budget, request, may_pass).await
    }

    /// Whether we made it just now.
    pub(super) fn is_new(&self, key: &str) -> bool {
        self.0.made.is_among(&[key])
    }

    /// The same for a request with a trust policy. Our documents are well-formed, so that one that is refused names a
    /// principal that IAM does not know; that may be new although we did not make it.
    pub(super) async fn settled_trust<T, F, Fut>(
        &self,
        budget: &Budget,
        names: &[&str],
        request: F,
    ) -> Result<T, AwsError>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, AwsError>>,
    {
        let may_pass = |error: &AwsError, asked_for: Duration| {
            let principal = error.has_code(REFUSED_PRINCIPAL) && asked_for < PRINCIPAL;
            principal || (is_late(error) && self.0.made.is_among(names))
        };
        again(budget, request, may_pass).await
    }
}

/// IAM's code for a document that names an unknown principal, among other faults.
const REFUSED_PRINCIPAL: &str = "MalformedPolicyDocument";

/// A policy that is refused for something else does not get better.
fn is_late(error: &AwsError) -> bool {
    let is_of_principal = || error.to_string().to_ascii_lowercase().contains("principal");
    matches!(error, AwsError::NotFound(_)) || (error.has_code(REFUSED_PRINCIPAL) && is_of_principal())
}

/// Asks until the answer is good, or an error that will not pass.
async fn again<T, F, Fut>(
    budget: &Budget,
    mut request: F,
    may_pass: impl Fn(&AwsError, Duration) -> bool,
) -> Result<T, AwsError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, AwsError>>,
{
    let (started, mut asked, mut pauses) = (Instant::now(), 0, PAUSES.pauses());
    loop {
        asked += 1;
        let error = match request().await {
            Ok(done) => return Ok(done),
            Err(error) => error.after_repeats(asked, started.elapsed()),
        };
        if !may_pass(&error, started.elapsed()) {
            return Err(error);
        }
        tracing::debug!(%error, asked, "waiting for IAM to know a new object");
        if let Err(why) = budget.sleep(pauses.next().unwrap_or(SETTLING)).await {
            return Err(AwsError::Stopped { why, last: Some(Box::new(error)) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::aws::Reply;

    fn refused(code: &str) -> AwsError {
        let reply = Reply { code: code.into(), ..*Reply::ours("iam", "CreateRole", "Invalid principal in policy") };
        if code == "NoSuchEntity" { AwsError::NotFound(Box::new(reply)) } else { AwsError::Invalid(Box::new(reply)) }
    }

    /// Asks with answers that are the same for ever; how often, and for how long.
    async fn asked(answer: AwsError, may_pass: impl Fn(&AwsError, Duration) -> bool) -> (AwsError, u32, Duration) {
        let (budget, started, mut count) = (Budget::uninterrupted(Duration::from_hours(1)), Instant::now(), 0);
        let request = || {
            count += 1;
            std::future::ready(Err::<(), _>(answer.clone()))
        };
        let error = again(&budget, request, may_pass).await.unwrap_err();
        (error, count, started.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_to_the_end_is_told_with_how_often_and_how_long() {
        let (error, count, time) = asked(refused(REFUSED_PRINCIPAL), |_, asked_for| asked_for < PRINCIPAL).await;
        assert!(time >= PRINCIPAL && time < PRINCIPAL * 2 && count > 4, "{count} {time:?}");
        let text = error.explain("Cannot create the role `x`", "role x").to_string();
        assert!(
            text.contains(&format!(", and the same to all {count} requests in {:.1} s", time.as_secs_f64())),
            "{text}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_pass_is_asked_once_and_told_plainly() {
        let (error, count, _) = asked(refused("NoSuchEntity"), |_, _| false).await;
        assert_eq!(count, 1);
        assert!(!error.explain("Cannot", "x").to_string().contains("the same to all"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_of_the_users_time_keeps_the_evidence() {
        let budget = Budget::uninterrupted(Duration::from_secs(10));
        let request = || std::future::ready(Err::<(), _>(refused("NoSuchEntity")));
        let error = again(&budget, request, |_, _| true).await.unwrap_err();
        let text = error.explain("Cannot create the role `x`", "role x").to_string();
        assert!(text.contains("at the last attempt, said") && text.contains("the same to all"), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn new_is_what_we_made_less_than_a_minute_ago() {
        let made = Made::default();
        made.note(&["app", "arn:aws:iam::1:oidc-provider/oidc.example/id/A"]);
        let trust = r#"{"Principal":{"Federated":"arn:aws:iam::1:oidc-provider/oidc.example/id/A"}}"#;
        assert!(made.is_among(&["app"]) && made.is_among(&[trust]) && !made.is_among(&["an app", "{}"]));
        made.forget(&["app"]);
        assert!(!made.is_among(&["app"]) && made.is_among(&[trust]));
        tokio::time::advance(SETTLING).await;
        assert!(!made.is_among(&[trust]));
    }
}

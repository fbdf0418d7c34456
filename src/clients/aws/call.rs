//! One call to AWS, repeated while that can help and the caller's time lasts.

use std::time::Duration;

use super::bucket::Bucket;
use super::error::{AwsError, Cure};
use crate::retry::{Budget, Pace};

/// Attempts at a call whose answer is lost or a server error.
const LOST_ATTEMPTS: u32 = 8;
/// Pauses after a lost answer: about six seconds in all.
const LOST: Pace = Pace::new(Duration::from_millis(150), Duration::from_secs(2));
/// Pauses after a refusal for going too fast.
const THROTTLED: Pace = Pace::new(Duration::from_millis(500), Duration::from_secs(20));

/// Calls until there is an answer. Throttling is waited out as long as the budget lasts; a lost answer or a
/// server error is tried [`LOST_ATTEMPTS`] times.
pub(super) async fn call<T, F, Fut>(budget: &Budget, bucket: Option<&Bucket>, mut attempt: F) -> Result<T, AwsError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, AwsError>>,
{
    let (mut lost, mut lost_pauses, mut slow_pauses) = (0, LOST.pauses(), THROTTLED.pauses());
    let mut seen = None;
    loop {
        let answer = budget.run(in_turn(bucket, Box::pin(attempt()))).await;
        let error = match answer {
            Ok(Ok(value)) => {
                bucket.inspect(|bucket| bucket.answered());
                return Ok(value);
            }
            Ok(Err(error)) => error,
            Err(why) => return Err(AwsError::Stopped { why, last: seen }),
        };
        let pause = match error.cure() {
            Cure::SlowDown => {
                bucket.inspect(|bucket| bucket.refused());
                slow_pauses.next()
            }
            Cure::TryAgain if lost + 1 < LOST_ATTEMPTS => {
                lost += 1;
                lost_pauses.next()
            }
            Cure::TryAgain | Cure::None => return Err(error.after_lost_answers(lost)),
        };
        tracing::debug!(%error, "asking AWS again");
        seen = Some(Box::new(error));
        if let Err(why) = budget.sleep(pause.unwrap_or_default()).await {
            return Err(AwsError::Stopped { why, last: seen });
        }
    }
}

async fn in_turn<T>(bucket: Option<&Bucket>, request: impl Future<Output = T>) -> T {
    if let Some(bucket) = bucket {
        bucket.turn().await;
    }
    request.await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::aws::Reply;
    use crate::retry::Stopped;

    fn throttled() -> AwsError {
        AwsError::Throttled(Reply::ours("route53", "ListHostedZones", "Rate exceeded"))
    }

    fn lost() -> AwsError {
        AwsError::Unreachable { service: "iam", operation: "GetRole", cause: "connection reset".into() }
    }

    fn exists() -> AwsError {
        AwsError::AlreadyExists(Reply::ours("iam", "CreateRole", "exists"))
    }

    async fn calls(budget: Duration, answers: Vec<Result<(), AwsError>>) -> (Result<(), AwsError>, usize) {
        let mut asked = 0;
        let budget = Budget::uninterrupted(budget);
        let result = call(&budget, None, || {
            let answer = answers.get(asked).or(answers.last()).cloned().unwrap();
            asked += 1;
            std::future::ready(answer)
        })
        .await;
        (result, asked)
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_is_waited_out() {
        let mut answers = vec![Err(throttled()); 30];
        answers.push(Ok(()));
        let (result, asked) = calls(Duration::from_mins(20), answers).await;
        assert!(result.is_ok(), "{result:?}");
        assert_eq!(asked, 31);
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_to_the_end_is_told_as_such() {
        let (result, _) = calls(Duration::from_mins(1), vec![Err(throttled())]).await;
        let Err(AwsError::Stopped { why: Stopped::Deadline, last: Some(last) }) = result else { panic!("{result:?}") };
        assert!(matches!(*last, AwsError::Throttled(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_never_answers_is_given_up_soon() {
        let started = tokio::time::Instant::now();
        let (result, asked) = calls(Duration::from_hours(1), vec![Err(lost())]).await;
        assert!(matches!(result, Err(AwsError::Unreachable { .. })), "{result:?}");
        assert_eq!(asked, usize::try_from(LOST_ATTEMPTS).unwrap());
        assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn what_exists_after_a_lost_answer_may_be_our_own() {
        let minute = Duration::from_mins(1);
        let (result, _) = calls(minute, vec![Err(lost()), Err(exists())]).await;
        assert!(result.is_err_and(|error| error.may_be_our_own()));
        let (result, _) = calls(minute, vec![Err(exists())]).await;
        assert!(result.is_err_and(|error| !error.may_be_our_own()));
    }
}

//! One call to AWS, repeated while that can help and the caller's time lasts.

use std::time::Duration;

use super::error::{AwsError, Cure};
use crate::retry::{Budget, Pace};

/// Attempts at a call whose answer is lost or a server error.
const LOST_ATTEMPTS: u32 = 8;
/// Pauses after a lost answer: about six seconds in all.
const LOST: Pace = Pace::new(Duration::from_millis(150), Duration::from_secs(2));
/// Pauses after a refusal for going too fast.
const THROTTLED: Pace = Pace::new(Duration::from_millis(500), Duration::from_secs(20));

/// How long a request that makes something is waited for after an interrupt, or after the time is over: what it made
/// would be there and in no state. Hosts wait for the provider that long.
const GRACE: Duration = Duration::from_secs(8);

/// When requests go out.
pub(super) trait Pacing: Sync {
    /// What a request holds while it is under way.
    type Turn<'a>: Send
    where
        Self: 'a;

    /// Waits for a request's turn.
    fn turn(&self) -> impl Future<Output = Self::Turn<'_>> + Send;

    /// The remote said that this is too fast.
    fn refused(&self);

    /// The remote answered.
    fn answered(&self);
}

/// Calls until there is an answer. Throttling is waited out as long as the budget lasts; a lost answer or a
/// server error is tried [`LOST_ATTEMPTS`] times.
pub(super) async fn call<P, T, F, Fut>(budget: &Budget, pace: Option<&P>, attempt: F) -> Result<T, AwsError>
where
    P: Pacing,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, AwsError>>,
{
    repeated(budget, Duration::ZERO, pace, attempt).await
}

/// The same for a request that makes something: once sent it is waited for, [`GRACE`] longer than the budget.
pub(super) async fn making_call<P, T, F, Fut>(budget: &Budget, pace: Option<&P>, attempt: F) -> Result<T, AwsError>
where
    P: Pacing,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, AwsError>>,
{
    repeated(budget, GRACE, pace, attempt).await
}

async fn repeated<P, T, F, Fut>(
    budget: &Budget,
    grace: Duration,
    pace: Option<&P>,
    mut attempt: F,
) -> Result<T, AwsError>
where
    P: Pacing,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, AwsError>>,
{
    let (mut lost, mut lost_pauses, mut slow_pauses) = (0, LOST.pauses(), THROTTLED.pauses());
    let mut seen = None;
    loop {
        let turn = match budget.run(turn_of(pace)).await {
            Ok(turn) => turn,
            Err(why) => return Err(AwsError::Stopped { why, last: seen }),
        };
        let answer = budget.run_to_the_answer(grace, Box::pin(attempt())).await;
        drop(turn);
        let error = match answer {
            Ok(Ok(value)) => {
                pace.inspect(|pace| pace.answered());
                return Ok(value);
            }
            Ok(Err(error)) => error,
            Err(why) => return Err(AwsError::Stopped { why, last: seen }),
        };
        let pause = match error.cure() {
            Cure::SlowDown => {
                pace.inspect(|pace| pace.refused());
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

async fn turn_of<P: Pacing>(pace: Option<&P>) -> Option<P::Turn<'_>> {
    match pace {
        Some(pace) => Some(pace.turn().await),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::clients::aws::Reply;
    use crate::clients::aws::bucket::Bucket;
    use crate::clients::aws::error::Silence;
    use crate::retry::Stopped;

    fn throttled() -> AwsError {
        AwsError::Throttled(Reply::ours("route53", "ListHostedZones", "Rate exceeded"))
    }

    fn lost() -> AwsError {
        AwsError::Unreachable(Box::new(Silence::unknown("iam", "GetRole", "connection reset".into())))
    }

    fn exists() -> AwsError {
        AwsError::AlreadyExists(Reply::ours("iam", "CreateRole", "exists"))
    }

    async fn calls(budget: Duration, answers: Vec<Result<(), AwsError>>) -> (Result<(), AwsError>, usize) {
        let mut asked = 0;
        let budget = Budget::uninterrupted(budget);
        let result = call(&budget, None::<&Bucket>, || {
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
        assert!(matches!(result, Err(AwsError::Unreachable(_))), "{result:?}");
        assert_eq!(asked, usize::try_from(LOST_ATTEMPTS).unwrap());
        assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    }

    /// Interrupts while the answer is on its way for so long; what came of it, and after how long.
    async fn interrupted(answer: Duration, makes: bool) -> (Result<(), AwsError>, Duration) {
        let stop = CancellationToken::new();
        let (budget, started) = (Budget::new(Duration::from_hours(1), stop.clone()), tokio::time::Instant::now());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            stop.cancel();
        });
        let attempt = async || {
            tokio::time::sleep(answer).await;
            Ok(())
        };
        let result = if makes {
            making_call(&budget, None::<&Bucket>, attempt).await
        } else {
            call(&budget, None::<&Bucket>, attempt).await
        };
        (result, started.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_being_made_at_an_interrupt_is_waited_for_and_nothing_else() {
        let (result, took) = interrupted(Duration::from_secs(5), true).await;
        assert!(result.is_ok() && took == Duration::from_secs(5), "{result:?} {took:?}");
        let (result, took) = interrupted(Duration::from_mins(1), true).await;
        assert!(result.is_err() && took == Duration::from_secs(1) + GRACE, "{result:?} {took:?}");
        let (result, took) = interrupted(Duration::from_secs(5), false).await;
        assert!(result.is_err() && took == Duration::from_secs(1), "{result:?} {took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_sent_at_an_interrupt_is_not_sent_any_more() {
        let stop = CancellationToken::new();
        stop.cancel();
        let (budget, mut sent) = (Budget::new(Duration::from_hours(1), stop), false);
        let result = making_call(&budget, None::<&Bucket>, || {
            sent = true;
            std::future::ready(Ok(()))
        })
        .await;
        assert!(result.is_err() && !sent);
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

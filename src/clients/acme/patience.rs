//! How often a request to the CA is tried, and when again.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::retry::Pace;

use super::edge::Reply;
use super::error::AcmeError;

/// For how long a server is tried that cannot even be reached: a wrong name or port does not heal.
const REACHING: Duration = Duration::from_millis(1500);
/// A longer Retry-After is told to the user, not waited for.
const LONGEST_ASKED_PAUSE: Duration = Duration::from_mins(1);

/// After so many web pages where a document should be, there will be no document.
const MOST_PAGES: usize = 3;

/// How often a request is sent while the trouble looks passing, and the pauses between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    attempts: usize,
    /// How many of the attempts may be answered with trouble: the rest is for connections that break.
    answers: usize,
    pace: Pace,
}

impl Patience {
    /// For what may be asked as often as one likes.
    pub const READING: Self = Self::new((6, 6), Duration::from_millis(250), Duration::from_secs(8));
    /// For what may have taken effect although the answer says otherwise, and counts: a new order. Let's Encrypt answers the same
    /// request with the order that is pending already, so a few tries cost nothing.
    pub const ORDERING: Self = Self::new((6, 4), Duration::from_secs(1), Duration::from_secs(8));
    /// For a new order that says what it replaces: as [`Patience::ORDERING`] while connections break, but whatever the CA answers
    /// twice may be for that, and it is ordered without.
    pub const REPLACING: Self = Self { answers: 2, ..Self::ORDERING };

    const fn new((attempts, answers): (usize, usize), first: Duration, longest: Duration) -> Self {
        Self { attempts, answers, pace: Pace { first, longest, factor: 2.0 } }
    }
}

/// The tries of one request: one count and one row of growing pauses, whatever goes wrong on the way.
pub(super) struct Tries {
    left: usize,
    answers: usize,
    pages: usize,
    pauses: Box<dyn Iterator<Item = Duration> + Send>,
    longest: Duration,
    started: Instant,
}

impl Tries {
    pub fn new(patience: Patience) -> Self {
        let Patience { attempts, answers, pace } = patience;
        Self {
            left: attempts,
            answers,
            pages: 0,
            pauses: Box::new(pace.pauses()),
            longest: pace.longest,
            started: Instant::now(),
        }
    }

    /// Waits for the next try; no if the outcome is final.
    pub async fn again(&mut self, outcome: &Result<Reply, AcmeError>, now: Timestamp) -> bool {
        self.left = self.left.saturating_sub(1);
        self.answers = self.answers.saturating_sub(usize::from(outcome.is_ok()));
        // A page in place of a document is a wrong address more often than a passing trouble.
        self.pages += usize::from(outcome.as_ref().is_ok_and(Reply::is_page));
        let (trouble, asked) = match outcome {
            Ok(reply) => (reply.passing_trouble(), reply.asked_pause(now)),
            Err(AcmeError::Unreachable { is_absent: true, .. }) if self.started.elapsed() > REACHING => (None, None),
            Err(AcmeError::Unreachable { why, .. }) => (Some(why.clone()), None),
            Err(AcmeError::NoWay { error, .. }) if !error.is_permanent() => (Some(error.to_string()), None),
            Err(_) => (None, None),
        };
        let Some(trouble) = trouble else { return false };
        if self.left == 0
            || self.answers == 0
            || self.pages >= MOST_PAGES
            || asked.is_some_and(|pause| pause > LONGEST_ASKED_PAUSE)
        {
            return false;
        }
        tracing::warn!(tries_left = self.left, trouble, "asking the CA again");
        let ours = self.pauses.next().unwrap_or(self.longest);
        // No CA wants to be asked again at once, whatever its Retry-After says.
        tokio::time::sleep(asked.map_or(ours, |asked| if asked.is_zero() { ours } else { asked })).await;
        true
    }
}

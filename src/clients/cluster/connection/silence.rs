//! What is remembered of an API server that nobody could reach: all who ask meanwhile are told the same, instead of each waiting
//! for it once more.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::ClusterError;

/// How long a silence is believed.
const MEMORY: Duration = Duration::from_secs(10);

/// Whether the API server has answered, and when it did not.
#[derive(Default)]
pub(in crate::clients::cluster) struct Silence(Mutex<Heard>);

#[derive(Default)]
struct Heard {
    has_answered: bool,
    silent: Option<(Instant, ClusterError)>,
}

impl Silence {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the last one was told who got no answer, if that was a moment ago.
    pub(in crate::clients::cluster) fn known(&self) -> Option<ClusterError> {
        self.heard().silent.clone().filter(|(since, _)| since.elapsed() < MEMORY).map(|(_, error)| error)
    }

    /// Whether it has answered before: then a broken connection is the trouble of a moment.
    pub(in crate::clients::cluster) fn has_answered(&self) -> bool {
        self.heard().has_answered
    }

    /// Notes how a call ended.
    pub(in crate::clients::cluster) fn note(&self, error: Option<&ClusterError>) {
        let mut heard = self.heard();
        match error.filter(|error| error.is_silence()) {
            Some(error) => heard.silent = Some((Instant::now(), error.clone())),
            None => *heard = Heard { has_answered: true, silent: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::cluster::Source;

    fn unreachable() -> ClusterError {
        let source_of_settings = Source::Host("https://a.test".to_owned());
        ClusterError::Unreachable {
            server: "https://a.test".to_owned(),
            source_of_settings,
            fault: "refused".to_owned(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silence_is_believed_for_a_while_and_an_answer_ends_it() {
        let silence = Silence::default();
        silence.note(Some(&unreachable()));
        assert_eq!((silence.known(), silence.has_answered()), (Some(unreachable()), false));
        tokio::time::advance(MEMORY).await;
        assert_eq!(silence.known(), None);
        silence.note(Some(&unreachable()));
        silence.note(None);
        assert_eq!((silence.known(), silence.has_answered()), (None, true));
        let missing = ClusterError::NamespaceMissing { namespace: "a".to_owned() };
        silence.note(Some(&missing));
        assert_eq!(silence.known(), None, "that is an answer");
    }
}

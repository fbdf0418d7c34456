//! Commands within a container: they tell what neither the API nor a log does.

use std::time::Duration;

use futures_util::StreamExt as _;
use kube::Client;
use kube::api::AttachParams;
use kube::core::Status;

use crate::domain::kubernetes::ObjectRef;
use crate::retry::Budget;
use crate::secret::hidden;

use super::{Cluster, ClusterError, Verb};

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much of its output is kept, in bytes.
const OUTPUT: usize = 2000;

/// The channels of the API's streams: the first byte of each message (`apimachinery`, `pkg/util/remotecommand`).
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const OUTCOME: u8 = 3;

/// How a command ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ended {
    /// Its exit code; `None` where it could not be started, or its end was not heard of.
    pub code: Option<i32>,
    /// What it printed.
    pub output: String,
}

impl Cluster {
    /// Runs a command in a container.
    pub(super) async fn run(
        &self,
        budget: &Budget,
        pod: &ObjectRef,
        container: &str,
        command: &[&str],
    ) -> Result<Ended, ClusterError> {
        let budget = budget.at_most(PATIENCE);
        let streams = AttachParams::default().container(container).stdout(true).stderr(true);
        let build = |api: kube::core::Request| api.exec(&pod.name, command.iter().copied(), &streams);
        let send = |client: Client, request| async move { client.connect(request).await };
        let connection = self.call(&budget, Verb::Create, pod, &build, send).await?;
        let mut messages = connection.into_stream();
        let mut ended = Ended::default();
        while let Ok(Some(Ok(message))) = budget.run(messages.next()).await {
            ended.hear(&message.into_data());
        }
        ended.output = hidden(ended.output.trim()).into_owned();
        Ok(ended)
    }
}

impl Ended {
    fn hear(&mut self, message: &[u8]) {
        match message.split_first() {
            Some((&(STDOUT | STDERR), words)) if self.output.len() < OUTPUT => {
                self.output.push_str(&String::from_utf8_lossy(words));
            }
            Some((&OUTCOME, status)) => self.code = serde_json::from_slice(status).ok().and_then(|it| code(&it)),
            _ => {}
        }
    }
}

/// The exit code within the status that ends a stream (`client-go`, `tools/remotecommand`, `v4.go`).
fn code(status: &Status) -> Option<i32> {
    if status.is_success() {
        return Some(0);
    }
    let causes = &status.details.as_ref()?.causes;
    causes.iter().find(|cause| cause.reason == "ExitCode")?.message.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(messages: &[&str]) -> Ended {
        let mut ended = Ended::default();
        for message in messages {
            ended.hear(message.as_bytes());
        }
        ended
    }

    #[test]
    fn output_and_exit_code_are_read_out_of_the_stream() {
        let failed = "\u{3}{\"status\":\"Failure\",\"reason\":\"NonZeroExitCode\",\"message\":\"exit code 9\",\
                      \"details\":{\"causes\":[{\"reason\":\"ExitCode\",\"message\":\"9\"}]}}";
        let ended = heard(&["\u{1}", "\u{1}one ", "\u{2}two", failed]);
        assert_eq!(ended, Ended { code: Some(9), output: "one two".to_owned() });
        assert_eq!(heard(&["\u{3}{\"status\":\"Success\"}"]).code, Some(0));
    }

    #[test]
    fn a_command_that_is_not_there_has_no_exit_code() {
        let missing = "\u{3}{\"status\":\"Failure\",\"reason\":\"InternalError\",\"message\":\"executable file not found\",\
                       \"details\":{\"causes\":[{\"message\":\"executable file not found\"}]}}";
        assert_eq!(heard(&[missing]).code, None);
        assert_eq!(heard(&[]).code, None);
    }
}

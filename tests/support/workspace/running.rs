//! A run that goes on while the test looks at it, and what can befall it.

use std::{fs, time::Duration};

use tokio::{
    process::Child,
    time::{sleep, timeout},
};

use super::{PROGRAM, RUN_LIMIT, Run, STATE_FILE, Workspace};

/// How often something is looked at that is waited for.
const GLANCE: Duration = Duration::from_millis(50);
/// How long a provider may go on after its host is gone.
const ORPHAN_LIMIT: Duration = Duration::from_secs(20);

/// What ends a run in its middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    KillProvider,
    KillHost,
    KillAll,
    Interrupt,
    InterruptTwice,
}

/// A run that has not ended.
pub struct Running<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) child: Child,
    /// What the state held before the run.
    pub(super) state: Option<Vec<u8>>,
}

impl Running<'_> {
    /// Waits until the log holds `text`.
    pub fn wait_for_log(&self, text: &str) {
        self.wait_until(|| self.workspace.log().contains(text), &format!("`{text}` in the log"));
    }

    /// Waits until something is so. `what` is what the failure says was waited for.
    pub fn wait_until(&self, is_so: impl Fn() -> bool, what: &str) {
        let waiting = async {
            while !is_so() {
                assert!(
                    !self.has_ended() || is_so(),
                    "the run ended without {what}: {}",
                    self.workspace.path("trace.log").display()
                );
                sleep(GLANCE).await;
            }
        };
        let waited = self.workspace.runtime.block_on(async { timeout(RUN_LIMIT, waiting).await });
        assert!(waited.is_ok(), "waited in vain for {what}");
    }

    /// What Ctrl-C does, though only to the host: its plugins hear of it by a call.
    pub fn interrupt(&self) {
        kill("INT", self.child.id().expect("the run has not ended"));
    }

    /// Kills the provider that this run has started last, as a crash of the machine would: without a word.
    pub fn kill_provider(&self) {
        let host = self.child.id().expect("the run has not ended");
        let providers = children(host).into_iter().filter(|pid| command_line(*pid).contains(PROGRAM));
        let provider = providers.max().expect("a provider runs");
        kill("KILL", provider);
    }

    /// Ends it so. Answers with the errors, where its host lives to tell them.
    #[track_caller]
    pub fn end_by(self, end: End) -> String {
        match end {
            End::KillAll => self.kill_all(),
            End::KillHost => self.kill_host(),
            End::KillProvider => {
                self.kill_provider();
                return self.finish().fails();
            }
            End::Interrupt => {
                self.interrupt();
                return self.finish().fails();
            }
            End::InterruptTwice => {
                self.interrupt();
                self.interrupt();
                return self.finish_abruptly().fails();
            }
        }
        String::new()
    }

    /// Kills the host and every provider of it.
    pub fn kill_all(self) {
        let host = self.child.id().expect("the run has not ended");
        let providers = children(host);
        kill("KILL", host);
        for provider in providers {
            kill("KILL", provider);
        }
        self.finish_abruptly();
    }

    /// Kills the host and every provider of it at this moment, which is a time: there is nothing to wait for. What has
    /// ended already has.
    pub fn kill_whatever_runs_after(self, moment: Duration) -> Run {
        self.workspace.runtime.block_on(async { sleep(moment).await });
        if let Some(host) = self.child.id() {
            for pid in std::iter::once(host).chain(children(host)) {
                let _ended = std::process::Command::new("sh").arg("-c").arg(format!("kill -KILL {pid}")).output();
            }
        }
        self.finish_abruptly()
    }

    /// Kills the host alone, and waits until its providers have seen that and ended.
    pub fn kill_host(self) {
        let host = self.child.id().expect("the run has not ended");
        let providers = children(host);
        kill("KILL", host);
        let gone = async {
            while providers.iter().any(|pid| command_line(*pid).contains(PROGRAM)) {
                sleep(GLANCE).await;
            }
        };
        let waited = self.workspace.runtime.block_on(async { timeout(ORPHAN_LIMIT, gone).await });
        assert!(waited.is_ok(), "the provider goes on without its host");
        self.finish_abruptly();
    }

    /// The most memory that the provider of this run has had so far, in KiB.
    pub fn provider_peak_kib(&self) -> Option<u64> {
        let providers = children(self.child.id()?);
        let peak = |pid: u32| {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.trim().trim_end_matches(" kB").parse().ok()
        };
        providers.into_iter().filter_map(peak).max()
    }

    /// Waits for the end.
    pub fn finish(self) -> Run {
        let output = self.child.wait_with_output();
        let ended = self.workspace.runtime.block_on(async { timeout(RUN_LIMIT, output).await });
        self.workspace.ended(&["apply (in the background)"], &ended.expect("the run does not hang").unwrap())
    }
}

impl Running<'_> {
    /// Waits for the end of a host that was killed or interrupted twice. One that keeps its state in a file empties the file before it writes it
    /// anew (Terraform 1.15, OpenTofu 1.12), and takes an empty one for no state: an end between the two loses all
    /// that was known, whoever the provider is. What was there before the run is put back, as the last version of a remote
    /// state would be.
    pub fn finish_abruptly(mut self) -> Run {
        let (workspace, before) = (self.workspace, self.state.take());
        let run = self.finish();
        let file = workspace.path(STATE_FILE);
        if let (Some(before), Ok(0)) = (before, fs::metadata(&file).map(|found| found.len())) {
            fs::write(file, before).unwrap();
        }
        run
    }

    /// Whether the run has ended, and waits to be finished.
    fn has_ended(&self) -> bool {
        let stat = self.child.id().and_then(|pid| fs::read_to_string(format!("/proc/{pid}/stat")).ok());
        stat.is_none_or(|stat| stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
    }
}

fn kill(signal: &str, pid: u32) {
    let status = std::process::Command::new("sh").arg("-c").arg(format!("kill -{signal} {pid}")).status().unwrap();
    assert!(status.success(), "{pid} is gone already");
}

/// The processes that a process has started and that still run.
fn children(pid: u32) -> Vec<u32> {
    let listed = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let told = listed.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    told.flat_map(|pids| pids.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}

fn command_line(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

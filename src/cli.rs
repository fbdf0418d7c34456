//! What people at a terminal can ask of the program: `diagnose`.

mod arguments;
mod tree;

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use crate::clients::diagnosis::{Subject, World, examine};
use crate::clock::Clock;
use crate::domain::diagnosis::{Health, Report, Snapshot};
use crate::env::Env;
use crate::explain::Explanation;
use crate::provider::{ABOUT, Berth, Config};
use crate::retry::Budget;
use crate::sdk::{Provider as _, Settings};

use arguments::{Command, Options};
use tree::Style;

/// How long one diagnosis may take.
const LIMIT: Duration = Duration::from_mins(1);

/// How long `--watch` pauses between two looks.
const PAUSE: Duration = Duration::from_secs(3);

/// The exit code where nothing can be told.
const UNABLE: u8 = 2;

/// Does what the command line asks for; `None` if it asks for nothing of ours.
pub fn run() -> Option<ExitCode> {
    let arguments: Vec<String> = std::env::args_os().skip(1).map(|text| text.to_string_lossy().into_owned()).collect();
    Some(match arguments::read(&arguments)? {
        Ok(Command::Help) => {
            print(arguments::HELP);
            ExitCode::SUCCESS
        }
        Ok(Command::Diagnose(options)) => diagnose(&options),
        Err(wrong) => {
            complain(&format!("{wrong}\n\n{}", arguments::HELP));
            unable()
        }
    })
}

/// 0 if it works, 1 if it does not, 2 if that cannot be told.
fn code(health: Health) -> ExitCode {
    match health {
        Health::Healthy => ExitCode::SUCCESS,
        Health::Failing => ExitCode::FAILURE,
        Health::Unknown => unable(),
    }
}

fn unable() -> ExitCode {
    ExitCode::from(UNABLE)
}

fn diagnose(options: &Options) -> ExitCode {
    // The cluster's client takes the process's own; that it is set already is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("cannot start threads: {error}\n"));
            return unable();
        }
    };
    runtime.block_on(async {
        match told(options).await {
            Ok(health) => code(health),
            Err(explanation) => {
                complain(&failure(&explanation));
                unable()
            }
        }
    })
}

/// A failure as it is told at a terminal, where nothing is applied.
fn failure(explanation: &Explanation) -> String {
    let detail = explanation.detail_of(&ABOUT).replace("apply again", "diagnose again");
    format!("{}\n\n{detail}\n", explanation.what())
}

/// Diagnoses once, or again and again until it works.
async fn told(options: &Options) -> Result<Health, Explanation> {
    let env = Env::process();
    let config = Config::of_kubeconfig(options.kubeconfig.clone(), options.context.clone());
    let provider = Berth::configure(Settings { model: config, unknown: Vec::new() }, &env)?;
    let style = Style::of(&env, io::stdout().is_terminal() && !options.json);
    let ca_pem = options.ca_file.as_deref().map(roots).transpose()?;
    let mut before = String::new();
    loop {
        let (snapshot, report) = look(&provider, &options.subject, ca_pem.as_deref()).await?;
        if let Some(path) = &options.record {
            record(path, &snapshot)?;
        }
        let text = if options.json { json(&report, options.watch) } else { tree::render(&report, &style) };
        if text != before {
            let clear = if options.watch && style.is_terminal { "\u{1b}[H\u{1b}[2J" } else { "" };
            print(&format!("{clear}{text}"));
            before = text;
        }
        if !options.watch || report.health == Health::Healthy {
            return Ok(report.health);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn look(provider: &Berth, subject: &Subject, ca_pem: Option<&str>) -> Result<(Snapshot, Report), Explanation> {
    let (dns, clock) = (provider.dns()?, Clock::system());
    let world = World {
        cluster: Some(provider.cluster()?),
        dns: &dns,
        network: provider.network(),
        clock: &clock,
        ca_pem,
        login: None,
        searches: true,
    };
    let examined = examine(&world, subject, &Budget::uninterrupted(LIMIT)).await;
    examined.map_err(|error| error.explain(format!("Cannot diagnose {}", arguments::subject(subject))))
}

fn roots(path: &str) -> Result<String, Explanation> {
    std::fs::read_to_string(path)
        .map_err(|error| unusable("Cannot read the certificates to trust", path, &error, "--ca-file"))
}

fn record(path: &str, snapshot: &Snapshot) -> Result<(), Explanation> {
    let text = serde_json::to_string_pretty(snapshot).unwrap_or_default();
    std::fs::write(path, text).map_err(|error| unusable("Cannot write what was seen", path, &error, "--record"))
}

fn unusable(what: &str, path: &str, error: &io::Error, option: &str) -> Explanation {
    Explanation::new("BERTH-DIAG-002", what)
        .on(path)
        .said("the file system", error.to_string())
        .next(format!("correct the path after `{option}`"))
}

/// One line if more are to follow.
fn json(report: &Report, is_watching: bool) -> String {
    let text = if is_watching { serde_json::to_string(report) } else { serde_json::to_string_pretty(report) };
    format!("{}\n", text.unwrap_or_default())
}

fn print(text: &str) {
    let mut out = io::stdout().lock();
    // A reader that has gone away wants no more.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn complain(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failure_at_a_terminal_does_not_speak_of_an_apply() {
        let config = Config::of_kubeconfig(Some("/nowhere/kubeconfig".to_owned()), None);
        let provider = Berth::configure(Settings { model: config, unknown: Vec::new() }, &Env::default()).unwrap();
        let subject = Subject::Pod { namespace: "a".to_owned(), name: "b".to_owned() };
        let told = failure(&look(&provider, &subject, None).await.map(|_| ()).unwrap_err());
        assert!(told.contains("then diagnose again") && !told.contains("apply"), "{told}");
    }
}

//! From the command line to the end of the process.

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    handshake::{Address, Invitation, Line, NotInvited, PROTOCOL},
    listen::Listener,
    log, panic,
    proto::tfplugin6::provider_server::Provider,
    rpc::Service,
    serve::{Patience, serve},
    tls::{ServerTls, TlsError, install_crypto},
};
use crate::{about::About, clock::Clock, env::Env, sdk};

/// Hosts call concurrently, but calls mostly wait for remotes.
const WORKER_THREADS: usize = 2;
/// How long work on blocking threads may hold up the end of the process.
const LAST_WAIT: Duration = Duration::from_millis(100);
/// The registries whose names hosts put before a source address without one.
const REGISTRIES: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];

/// Why the program ended without having served.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    NotInvited(#[from] NotInvited),
    #[error("cannot serve with TLS")]
    Tls(#[from] TlsError),
    #[error("cannot listen, print or start threads")]
    Io(#[from] io::Error),
    #[error("cannot serve")]
    Serve(#[from] tonic::transport::Error),
}

/// What the command line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    /// Hosts give no arguments.
    Plugin,
    /// Wait for hosts that are told where to attach.
    Debug,
    Version,
    Help,
    Unknown,
}

/// The whole of a provider's `main`: does what the command line and the environment ask for, and serves the host that has
/// started this process. `catalogue` is called if there is anybody to serve.
pub fn run<P: sdk::Provider>(about: About, catalogue: impl FnOnce() -> sdk::Catalogue<P>) -> ExitCode {
    let env = Env::process();
    let about = &about;
    // Running work is given up once the host wants the process gone.
    let provider = |env: Env, ending| Service::new(*about, catalogue(), env, Clock::system(), ending);
    let arguments: Vec<String> = std::env::args_os().skip(1).map(|text| text.to_string_lossy().into_owned()).collect();
    match command(&arguments) {
        Command::Version => print(&format!("{}\n", about.title())),
        Command::Help => print(&about.help()),
        Command::Unknown => complain(&format!("Unknown arguments: {}\n\n{}", arguments.join(" "), about.help())),
        command => ended(about, start(about, command, &env, provider)),
    }
}

fn command(arguments: &[String]) -> Command {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => Command::Plugin,
        ["--debug" | "-debug"] => Command::Debug,
        ["--version" | "-version" | "-V"] => Command::Version,
        ["--help" | "-help" | "-h"] => Command::Help,
        _ => Command::Unknown,
    }
}

fn ended(about: &About, result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::NotInvited(NotInvited::NoCookie)) => complain(&about.introduction()),
        Err(failure) => {
            let cause = std::error::Error::source(&failure).map(|cause| format!(": {cause}")).unwrap_or_default();
            complain(&format!("{}: {failure}{cause}\n", about.title()))
        }
    }
}

fn start<P: Provider>(
    about: &About,
    command: Command,
    env: &Env,
    provider: impl FnOnce(Env, CancellationToken) -> P,
) -> Result<(), Failure> {
    let invitation = match command {
        Command::Debug => Invitation::without_host(env),
        _ => Invitation::read(env)?,
    };
    log::init(about.name, env);
    panic::install_hook(about.title());
    install_crypto();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKER_THREADS).enable_all().build()?;
    let stop = CancellationToken::new();
    let provider = provider(env.clone(), stop.clone());
    let result = runtime.block_on(async {
        match command {
            Command::Debug => wait_for_hosts(about, &invitation, provider, stop).await,
            _ => serve_host(about, invitation, provider, stop).await,
        }
    });
    runtime.shutdown_timeout(LAST_WAIT);
    result
}

/// Serves the host that started this process.
async fn serve_host<P: Provider>(
    about: &About,
    mut invitation: Invitation,
    provider: P,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let tls = invitation.client.take().map(ServerTls::for_client).transpose()?;
    let listener = Listener::open(&invitation).await?;
    watch_signals(&stop, Interrupt::IsForTheHost)?;
    if !invitation.speaks_our_protocol {
        tracing::warn!(ours = PROTOCOL, "the host does not name our protocol version among its own");
    }
    let line = Line { address: listener.address(), certificate: tls.as_ref().map(|tls| &tls.certificate) };
    write_out(&format!("{line}\n"))?;
    tracing::debug!(version = about.version, address = listener.address().text, "serving");
    serve(provider, listener, tls.map(|tls| tls.config), Some(Patience::HOST), stop).await?;
    Ok(())
}

/// Serves hosts that are told by `TF_REATTACH_PROVIDERS` where to find this process, until it is interrupted.
async fn wait_for_hosts<P: Provider>(
    about: &About,
    invitation: &Invitation,
    provider: P,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let listener = Listener::open(invitation).await?;
    watch_signals(&stop, Interrupt::IsForUs)?;
    write_out(&about.reattachment(listener.address()))?;
    serve(provider, listener, None, None, stop).await?;
    Ok(())
}

/// Who a Ctrl-C is meant for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Interrupt {
    /// It reaches the whole foreground group; the host decides what becomes of its plugins.
    IsForTheHost,
    IsForUs,
}

#[cfg(unix)]
fn watch_signals(stop: &CancellationToken, meaning: Interrupt) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let stop = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupts.recv() => match meaning {
                    Interrupt::IsForTheHost => tracing::debug!("left an interrupt to the host"),
                    Interrupt::IsForUs => stop.cancel(),
                },
                _ = terminations.recv() => stop.cancel(),
            }
        }
    });
    Ok(())
}

#[cfg(not(unix))]
fn watch_signals(stop: &CancellationToken, meaning: Interrupt) -> io::Result<()> {
    let mut interrupts = tokio::signal::windows::ctrl_c()?;
    let stop = stop.clone();
    tokio::spawn(async move {
        while interrupts.recv().await.is_some() {
            if meaning == Interrupt::IsForUs {
                stop.cancel();
            }
        }
    });
    Ok(())
}

impl About {
    /// What somebody reads who started the program by hand.
    fn introduction(&self) -> String {
        let Self { name, source, version, .. } = self;
        format!(
            "{title}\n\n\
             This program is a plugin. Terraform and OpenTofu start it themselves; it does nothing when started by hand.\n\n\
             To use it, name it in a configuration and run `terraform init` or `tofu init`:\n\n    \
             terraform {{\n      required_providers {{\n        {name} = {{\n          source  = \"{source}\"\n          \
             version = \"~> {version}\"\n        }}\n      }}\n    }}\n\n\
             `terraform-provider-{name} --help` tells the rest.\n",
            title = self.title(),
        )
    }

    fn help(&self) -> String {
        let commands = match self.commands {
            [] => String::new(),
            commands => format!("Commands for people at a terminal:\n  {}\n\n", commands.join("\n  ")),
        };
        format!(
            "{title}\n\nUsage: terraform-provider-{name} [--debug | --version | --help]\n\n\
             Without arguments it serves the Terraform or OpenTofu that started it.\n\n  \
             --debug    wait for hosts, and print the TF_REATTACH_PROVIDERS that makes them attach to this process.\n             \
             Without TLS: whoever may open the socket may use the provider's credentials.\n  \
             --version  print the version\n  --help     print this text\n\n{commands}\
             Environment: TF_LOG_PROVIDER_{upper}, TF_LOG_PROVIDER and TF_LOG choose what is logged\n\
             (TRACE, DEBUG, INFO, WARN, ERROR, OFF).\n",
            title = self.title(),
            name = self.name,
            upper = self.name.to_uppercase(),
        )
    }

    fn reattachment(&self, address: &Address) -> String {
        let attach = json!({
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL,
            "Pid": std::process::id(),
            // Tells the host not to end this process when it is done.
            "Test": true,
            "Addr": { "Network": address.network, "String": address.text },
        });
        let providers: serde_json::Map<_, _> =
            REGISTRIES.iter().map(|host| (format!("{host}/{}", self.source), attach.clone())).collect();
        format!(
            "{} waits for hosts. Set this where they run, and press Ctrl-C here to end:\n\n    \
             export TF_REATTACH_PROVIDERS='{}'\n",
            self.title(),
            serde_json::Value::Object(providers),
        )
    }
}

fn write_out(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn print(text: &str) -> ExitCode {
    write_out(text).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

fn complain(text: &str) -> ExitCode {
    // There is nobody to tell that stderr is closed.
    let _ = io::stderr().lock().write_all(text.as_bytes());
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: About =
        About { name: "small", version: "1.2.3", source: "test/small", codes: "SMALL", commands: &["look AT  looks"] };

    #[test]
    fn arguments_choose_what_to_do() {
        let command = |arguments: &[&str]| command(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(command(&[]), Command::Plugin);
        assert_eq!(command(&["-debug"]), Command::Debug);
        assert_eq!(command(&["--debug", "--version"]), Command::Unknown);
    }

    #[test]
    fn the_introduction_tells_what_it_is_and_how_to_install_it() {
        insta::assert_snapshot!(ABOUT.introduction());
    }

    #[test]
    fn the_help_names_the_programs_own_commands() {
        assert!(ABOUT.help().contains("\n  look AT  looks\n"), "{}", ABOUT.help());
        assert!(!About { commands: &[], ..ABOUT }.help().contains("Commands"));
    }

    #[test]
    fn a_reattachment_keeps_the_host_from_ending_the_process() {
        let text = ABOUT.reattachment(&Address { network: "unix", text: "/tmp/s".to_owned() });
        let json = text.split('\'').nth(1).unwrap();
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        let attach = &value["registry.terraform.io/test/small"];
        assert_eq!(attach, &value["registry.opentofu.org/test/small"]);
        assert_eq!(attach["Test"], true);
        assert_eq!(attach["ProtocolVersion"], 6);
        assert_eq!(attach["Addr"], json!({ "Network": "unix", "String": "/tmp/s" }));
    }
}

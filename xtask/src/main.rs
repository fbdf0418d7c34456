//! What developers run: `cargo xtask docs [--check]`, `cargo xtask proto [--check]`, `cargo xtask package`, `cargo xtask install`.

mod docs;
mod install;
mod package;
#[cfg(test)]
mod papers;
mod proto;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What developers of berth run.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Write docs/ from the schema, the templates and the examples.
    Docs {
        /// Change nothing; fail if docs/ is not what would be written.
        #[arg(long)]
        check: bool,
    },
    /// Write the code of the protocol from proto/.
    Proto {
        /// Change nothing; fail if the code is not what would be written.
        #[arg(long)]
        check: bool,
    },
    /// Pack a built provider as a Terraform registry wants it: an archive, the manifest, and their checksums.
    Package(package::Options),
    /// Put a built provider where Terraform and OpenTofu find it without being told.
    Install(install::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Docs { check: false } => docs::write(),
        Task::Docs { check: true } => docs::check(),
        Task::Proto { check: false } => proto::write(),
        Task::Proto { check: true } => proto::check(),
        Task::Package(options) => package::package(&options),
        Task::Install(options) => install::install(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

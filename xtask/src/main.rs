//! What developers run: `cargo xtask docs [--check]`.

mod docs;
#[cfg(test)]
mod papers;

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
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Docs { check: false } => docs::write(),
        Task::Docs { check: true } => docs::check(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

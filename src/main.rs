//! Starts the provider, or says what it is; or diagnoses, for people at a terminal.

use std::process::ExitCode;

use berth::catalogue::catalogue;
use berth::plugin::launch::run;
use berth::provider::ABOUT;

fn main() -> ExitCode {
    berth::cli::run().unwrap_or_else(|| run(ABOUT, catalogue))
}

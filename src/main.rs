//! Starts the provider, or says what it is.

use std::process::ExitCode;

use berth::catalogue::catalogue;
use berth::plugin::launch::run;
use berth::provider::ABOUT;

fn main() -> ExitCode {
    run(ABOUT, catalogue)
}

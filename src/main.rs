//! Starts the provider, or says what it is.

use std::process::ExitCode;

use berth::clock::Clock;
use berth::env::Env;
use berth::plugin::launch::{About, run};
use berth::plugin::rpc::Service;
use berth::provider::Berth;

const ABOUT: About = About { name: "berth", version: env!("CARGO_PKG_VERSION"), source: "berth/berth" };

fn main() -> ExitCode {
    run(&ABOUT, |ending| Service::<Berth>::new(Env::process(), Clock::system(), ending))
}

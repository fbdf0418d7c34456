//! Programs of ours in Go, which `tests/run helpers` builds before the sandbox is entered: within it there is no network.

use std::path::Path;
use std::process::Command;

/// The helper whose module lies in `tests/NAME`.
pub fn helper(name: &str) -> Command {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/helpers").join(name);
    assert!(program.exists(), "{} is not there: run `tests/run helpers`, outside of the sandbox", program.display());
    Command::new(program)
}

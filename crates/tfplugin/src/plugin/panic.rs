//! Tells the host about a panic in the form it shows to users.
//!
//! Terraform shows lines of stderr with logging off only from one on that starts with `panic: `, and at most a hundred
//! (go-plugin's `log_entry.go`, Terraform's `logging/panic.go`).

use std::{
    backtrace::Backtrace,
    io::{self, Write},
    panic::{self, PanicHookInfo},
};

use crate::secret::hidden;

/// How many lines of the backtrace are worth showing.
const BACKTRACE_LINES: usize = 60;

/// Reports each panic of this process from now on, caught or not. `program` names the program and its version.
pub fn install_hook(program: String) {
    panic::set_hook(Box::new(move |info| {
        let report = report(&program, info);
        // There is nobody to tell that stderr is closed.
        let _ = io::stderr().lock().write_all(report.as_bytes());
    }));
}

fn report(program: &str, info: &PanicHookInfo<'_>) -> String {
    let message = info.payload_as_str().unwrap_or("a value that is no text");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let backtrace = Backtrace::force_capture().to_string();
    let mut lines = vec![
        format!("panic: {}", hidden(message).replace('\n', " ")),
        format!("in {program} at {place}; this is a bug of the provider"),
    ];
    lines.extend(backtrace.lines().take(BACKTRACE_LINES).map(str::to_owned));
    lines.join("\n") + "\n"
}

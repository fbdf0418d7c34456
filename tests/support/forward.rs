//! A forward proxy as companies have one: `sandbox/faults/forward.py`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A running proxy; it ends with this value, or with the test's process.
pub struct Forward {
    process: Child,
    /// `127.0.0.1:PORT`
    pub place: String,
    folder: TempDir,
}

impl Forward {
    /// Starts one. `arguments` are those of the program.
    pub fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new("python3")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("sandbox/faults/forward.py"))
            .args(["--until-eof", "--log"])
            .arg(folder.path().join("log"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python is installed");
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { process, place: format!("127.0.0.1:{}", port.trim()), folder }
    }

    /// What was asked for, and what became of it: `TARGET OUTCOME`.
    pub fn seen(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

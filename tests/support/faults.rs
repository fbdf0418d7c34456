//! The sandbox's fault proxy before AWS: it drops, delays, throttles and refuses calls, and writes down what it did.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// A running proxy; it ends with this value, or with the test's process.
pub struct Faults {
    process: Child,
    url: String,
    folder: TempDir,
}

impl Faults {
    /// Stands before the sandbox's AWS. `arguments` are those of `sandbox/faults/proxy.py`.
    pub fn before_aws(arguments: &[&str]) -> Self {
        Self::before(&crate::sandbox::value("AWS_ENDPOINT_URL"), arguments)
    }

    /// Stands before any HTTP server.
    pub fn before(upstream: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new("python3")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("sandbox/faults/proxy.py"))
            .args(["--upstream", upstream, "--until-eof", "--log"])
            .arg(folder.path().join("faults.log"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python is installed");
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        assert!(url.starts_with("http"), "the proxy did not start: {url}");
        Self { process, url: url.trim().to_owned(), folder }
    }

    /// Where to send calls.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The disturbed calls, one line each: time, number, kind, service, method, target and action.
    pub fn log(&self) -> Vec<String> {
        let log: PathBuf = self.folder.path().join("faults.log");
        fs::read_to_string(log).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// How many calls were disturbed, by the kind of fault.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for line in self.log() {
            let kind = line.split(' ').nth(2).unwrap_or_default().to_owned();
            *counts.entry(kind).or_default() += 1;
        }
        counts
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

//! The sandbox's fault proxy before AWS, a CA or the cluster: it drops, delays, refuses and holds calls, and writes down
//! what it did.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use tempfile::TempDir;

/// A running proxy; it ends with this value, or with the test's process.
pub struct Faults {
    process: Child,
    output: BufReader<ChildStdout>,
    url: String,
    folder: TempDir,
}

impl Faults {
    /// Stands before the sandbox's AWS. `arguments` are those of `sandbox/faults/proxy.py`.
    pub fn before_aws(arguments: &[&str]) -> Self {
        Self::before(&crate::sandbox::value("AWS_ENDPOINT_URL"), arguments)
    }

    /// Stands before one of the sandbox's CAs, with TLS that clients of the CA trust.
    pub fn before_acme(directory: &str, arguments: &[&str]) -> Self {
        Self::before_tls(directory.trim_end_matches("/dir"), arguments)
    }

    /// Stands before the sandbox's API server, with TLS that its clients trust.
    pub fn before_cluster(arguments: &[&str]) -> Self {
        Self::before_tls(&crate::sandbox::cluster().host, arguments)
    }

    /// Stands before any HTTP server, with TLS that clients of the CA trust.
    pub fn before_with_tls(upstream: &str) -> Self {
        Self::before_tls(upstream, &[])
    }

    fn before_tls(upstream: &str, arguments: &[&str]) -> Self {
        let folder = format!("{}/certificates/acme", crate::sandbox::value("SANDBOX_STATE_DIR"));
        let (certificate, key) = (format!("{folder}.pem"), format!("{folder}.key"));
        let trust = crate::sandbox::value("SANDBOX_ACME_CA_FILE");
        let tls = ["--upstream-ca", &trust, "--certificate", &certificate, "--key", &key];
        Self::before(upstream, &[&tls[..], arguments].concat())
    }

    /// Stands before any HTTP server.
    pub fn before(upstream: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new("python3")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("sandbox/faults/proxy.py"))
            .args(["--upstream", upstream, "--until-eof", "--log"])
            .arg(folder.path().join("faults.log"))
            .arg("--record")
            .arg(folder.path().join("record.log"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python is installed");
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut url = String::new();
        output.read_line(&mut url).unwrap();
        assert!(url.starts_with("http"), "the proxy did not start: {url}");
        Self { process, output, url: url.trim().to_owned(), folder }
    }

    /// Disturbs the next call whose `METHOD TARGET ACTION` holds the text: `TEXT:KIND`. Nothing takes back all that was
    /// wished and has not come.
    pub fn once(&mut self, wish: &str) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{wish}").unwrap();
        let mut heard = String::new();
        self.output.read_line(&mut heard).unwrap();
        assert_eq!(heard.trim(), wish);
    }

    /// Where to send calls.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The directory, where this stands before a CA.
    pub fn directory(&self) -> String {
        format!("{}/dir", self.url)
    }

    /// The provider's `kubernetes = …` for the cluster that this stands before.
    pub fn kubernetes_block(&self) -> String {
        let (token, trust) = (crate::sandbox::cluster().token, crate::sandbox::value("SANDBOX_ACME_CA_FILE"));
        format!("{{ host = \"{}\", token = \"{token}\", cluster_ca_certificate = file(\"{trust}\") }}", self.url)
    }

    /// What the server answered, whatever became of the answer: `STATUS METHOD TARGET` for each call.
    pub fn answered(&self) -> Vec<String> {
        let record = fs::read_to_string(self.folder.path().join("record.log")).unwrap_or_default();
        record.lines().map(str::to_owned).collect()
    }

    /// The orders for which the CA behind was made to issue: one certificate each (RFC 8555 §7.4).
    pub fn issued(&self) -> BTreeSet<String> {
        let order = |line: String| line.strip_prefix("200 POST /finalize-order/").map(str::to_owned);
        self.answered().into_iter().filter_map(order).collect()
    }

    /// How many calls have been held so far.
    pub fn held(&self) -> usize {
        self.counts().get("held").copied().unwrap_or_default()
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

//! The registry itself (CNCF distribution), started on a port of its own with one user.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Who may log in to it, and by which password.
pub const USER: &str = "ann";
pub const PASSWORD: &str = "correct horse";

/// A registry that ends with the test.
pub struct Distribution {
    process: Child,
    /// Its address and port.
    pub place: String,
    folder: TempDir,
}

impl Distribution {
    /// Starts `registry` from `PATH`, as `sandbox/sandbox exec` sets it. `http` and `storage` are further settings of these
    /// parts of its configuration, each `name: value` in a line that is indented by two.
    pub fn start(http: &str, storage: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("htpasswd");
        // A registry checks the password at each request: the least cost spares tests a third of their time.
        let hash = bcrypt::hash(PASSWORD, 4).unwrap();
        std::fs::write(&file, format!("{USER}:{hash}\n")).unwrap();
        Self::serve(folder, http, storage, &format!("  htpasswd: {{ realm: test, path: '{}' }}\n", file.display()))
    }

    /// The same with another `auth`, whose settings are indented by two.
    pub fn with_auth(http: &str, auth: &str) -> Self {
        Self::serve(tempfile::tempdir().unwrap(), http, "", auth)
    }

    fn serve(folder: TempDir, http: &str, storage: &str, auth: &str) -> Self {
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let config = format!(
            "version: 0.1\nlog: {{ level: info }}\nhttp:\n  relativeurls: true\n{http}\
             storage:\n  filesystem: {{ rootdirectory: '{}' }}\n{storage}\
             auth:\n{auth}",
            path("data"),
        );
        std::fs::write(path("config.yml"), config).unwrap();
        let mut process = Command::new("registry")
            .args(["serve", &path("config.yml")])
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("`registry` is on PATH: run the tests with `sandbox/sandbox exec`");
        let place = listening(BufReader::new(process.stderr.take().unwrap()));
        Self { process, place, folder }
    }

    /// Gives a repository another name as well: its folder is copied, as pushing it anew would take long.
    pub fn copy(&self, repository: &str, name: &str) {
        let place = |name: &str| self.folder.path().join("data/docker/registry/v2/repositories").join(name);
        std::fs::create_dir_all(place(name).parent().unwrap()).unwrap();
        let status = Command::new("cp").arg("-r").args([place(repository), place(name)]).status().unwrap();
        assert!(status.success());
    }
}

impl Distribution {
    /// Ends it: nobody answers from then on.
    pub fn stop(&mut self) {
        let _ended = self.process.kill();
        let _waited = self.process.wait();
    }
}

impl Drop for Distribution {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Reads the port that the system gave from the registry's log, and goes on reading so that it never blocks.
fn listening(mut log: BufReader<impl std::io::Read + Send + 'static>) -> String {
    let mut line = String::new();
    loop {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "the registry ended before it listened");
        if let Some(rest) = line.split("listening on ").nth(1) {
            let place = rest.chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect();
            std::thread::spawn(move || log.lines().for_each(drop));
            return place;
        }
    }
}

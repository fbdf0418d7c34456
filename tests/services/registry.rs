//! The registry client against distribution itself, started on a port of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use berth::clients::http::Network;
use berth::clients::oci::{Challenge, Oci, OciError};
use berth::domain::dockerconfig::Login;
use berth::domain::htpasswd::Htpasswd;
use berth::domain::probe_image::ProbeImage;
use berth::secret::Secret;
use tempfile::TempDir;
use url::Url;

/// A registry that ends with the test.
struct Distribution {
    process: Child,
    url: Url,
    _folder: TempDir,
}

impl Distribution {
    /// Starts `registry` from `PATH`, as `sandbox/sandbox exec` sets it.
    fn start(deleting: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let password = Secret::new("correct horse");
        let users = Htpasswd::default().updated([("ann", &password)]).unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(path("htpasswd"), users.text()).unwrap();
        let config = format!(
            "version: 0.1\nlog: {{ level: info }}\nhttp: {{ addr: '127.0.0.1:0', relativeurls: true }}\n\
             storage:\n  filesystem: {{ rootdirectory: '{}' }}\n  delete: {{ enabled: {deleting} }}\n\
             auth:\n  htpasswd: {{ realm: test, path: '{}' }}\n",
            path("data"),
            path("htpasswd"),
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
        let log = BufReader::new(process.stderr.take().unwrap());
        let url = address(log);
        Self { process, url, _folder: folder }
    }

    fn client(&self, password: Option<&str>) -> Oci {
        let login = password.map(|password| Login { username: "ann".to_owned(), password: Secret::new(password) });
        Oci::new(&Network::default(), self.url.clone(), None, login).unwrap()
    }
}

impl Drop for Distribution {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _waited = self.process.wait();
    }
}

/// Reads the port that the system gave from the registry's log, and goes on reading so that it never blocks.
fn address(mut log: BufReader<impl std::io::Read + Send + 'static>) -> Url {
    let mut line = String::new();
    loop {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "the registry ended before it listened");
        if let Some(rest) = line.split("listening on ").nth(1) {
            let address: String = rest.chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect();
            std::thread::spawn(move || log.lines().for_each(drop));
            return Url::parse(&format!("http://{address}/")).unwrap();
        }
    }
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn wants_a_login_and_takes_only_the_right_one() {
    let registry = Distribution::start(true);
    let answer = registry.client(None).anonymous().await.unwrap();
    assert_eq!(answer.status, 401);
    assert_eq!(answer.challenge, Some(Challenge::Basic { realm: "test".to_owned() }));
    assert_eq!(registry.client(Some("correct horse")).log_in().await, Ok(()));
    let refused = registry.client(Some("wrong")).log_in().await.unwrap_err();
    assert!(matches!(&refused, OciError::Unauthorized { words } if words.contains("UNAUTHORIZED")), "{refused:?}");
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn an_image_comes_back_as_it_was_pushed_and_goes_when_deleted() {
    let registry = Distribution::start(true);
    let client = registry.client(Some("correct horse"));
    let image = ProbeImage::new("1");
    client.push("team/check", "check", &image).await.unwrap();
    client.push("team/check", "check", &image).await.unwrap();
    let digest = &image.index().digest;
    assert_eq!(client.pull_manifest("team/check", digest).await.unwrap(), image.index().content);
    for blob in image.blobs() {
        assert_eq!(client.pull_blob("team/check", &blob.digest).await.unwrap(), blob.content);
    }
    client.delete_manifest("team/check", digest).await.unwrap();
    client.delete_manifest("team/check", digest).await.unwrap();
    let gone = client.pull_manifest("team/check", digest).await.unwrap_err();
    assert!(matches!(gone, OciError::NotFound { .. }), "{gone:?}");
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_registry_that_does_not_delete_says_so() {
    let registry = Distribution::start(false);
    let client = registry.client(Some("correct horse"));
    let image = ProbeImage::new("1");
    client.push("check", "check", &image).await.unwrap();
    let refused = client.delete_manifest("check", &image.index().digest).await.unwrap_err();
    assert!(matches!(refused, OciError::Unsupported { .. }), "{refused:?}");
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn nobody_at_the_port_is_told_apart_from_a_wrong_login() {
    let registry = Distribution::start(true);
    let client = registry.client(Some("correct horse"));
    drop(registry);
    let error = client.log_in().await.unwrap_err();
    assert!(matches!(error, OciError::Http(berth::clients::http::HttpError::Unreachable { .. })), "{error:?}");
}

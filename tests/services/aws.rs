//! AWS's clients against moto.

mod iam;
mod route53;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use berth::clients::aws::{Aws, Endpoints, Keys, Settings};
use berth::env::Env;
use berth::retry::Budget;
use berth::secret::Secret;

use crate::recorder::Recorder;
use crate::sandbox;

/// An account of which each call is noted.
struct Account {
    aws: Aws,
    calls: Recorder,
}

impl Account {
    async fn open() -> Self {
        let calls = Recorder::before(&sandbox::value("AWS_ENDPOINT_URL")).await;
        let url = Some(calls.url().to_owned());
        let keys = Keys { access_key: "test".into(), secret_key: Secret::new("test"), session_token: None };
        let settings = Settings {
            keys: Some(keys),
            endpoints: Endpoints { route53: url.clone(), iam: url.clone(), sts: url, ..Endpoints::default() },
            route53_requests_per_second: Some(50.0),
            ..Settings::default()
        };
        Self { aws: Aws::new(settings, &Env::process()), calls }
    }
}

fn minute() -> Budget {
    Budget::uninterrupted(Duration::from_mins(1))
}

/// A name that no other run used.
fn unique(prefix: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

#[test]
#[ignore = "needs the sandbox"]
fn the_sandboxs_aws_refuses_what_the_real_one_documents() {
    let sandbox = Path::new(env!("CARGO_MANIFEST_DIR")).join("sandbox");
    let python = Command::new(sandbox.join("sandbox")).args(["tool", "moto"]).output().unwrap();
    let python = String::from_utf8(python.stdout).unwrap();
    let check = Command::new(python.trim()).arg(sandbox.join("aws/check.py")).output().unwrap();
    let claims = String::from_utf8_lossy(&check.stdout);
    assert!(check.status.success(), "{claims}\n{}", String::from_utf8_lossy(&check.stderr));
    assert!(claims.lines().filter(|line| line.starts_with("ok ")).count() > 100, "{claims}");
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn tells_who_we_are() {
    let account = Account::open().await;
    let identity = account.aws.identity(&minute()).await.unwrap();
    assert_eq!((identity.account.as_str(), identity.partition.as_str()), ("123456789012", "aws"));
    account.aws.identity(&minute()).await.unwrap();
    assert_eq!(account.calls.requests(), ["GetCallerIdentity"]);
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn an_address_that_refuses_connections_is_named() {
    let nowhere = Some("http://127.0.0.1:1".to_owned());
    let keys = Keys { access_key: "test".into(), secret_key: Secret::new("hunter2"), session_token: None };
    let endpoints = Endpoints { sts: nowhere, ..Endpoints::default() };
    let aws = Aws::new(Settings { keys: Some(keys), endpoints, ..Settings::default() }, &Env::process());
    let error = aws.identity(&minute()).await.unwrap_err();
    let text = error.explain("Cannot ask who we are", "the account").to_string();
    assert!(text.contains("BERTH-AWS-004") && text.contains("Connection refused"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

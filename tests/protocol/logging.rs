//! What reaches stderr, where hosts read log lines and panics.

use std::{env::current_exe, process::Command};

use berth::{env::Env, plugin::panic::install_hook};
use serde_json::Value;

use crate::host::{Host, schema};

#[tokio::test]
async fn every_log_line_is_what_go_hclog_would_write() {
    let host = Host::new().env("TF_LOG", "TRACE");
    let plugin = host.start().await;
    let channel = plugin.connect(&host.identity).await;
    schema(&channel).await;
    let end = plugin.shut_down(channel).await;
    assert!(end.stderr.lines().count() >= 2, "{}", end.stderr);
    for line in end.stderr.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["@message"].is_string() && line["@level"].is_string() && line["@module"].is_string());
        let timestamp = line["@timestamp"].as_str().unwrap();
        // 2006-01-02T15:04:05.000000Z
        assert_eq!((timestamp.len(), timestamp.find('.')), (27, Some(19)), "{timestamp}");
        assert!(timestamp.ends_with('Z'));
    }
}

#[test]
fn a_panic_is_told_in_the_form_that_hosts_show() {
    const ASKED: &str = "BERTH_TEST_PANICS";
    if Env::process().get(ASKED).is_some() {
        install_hook("terraform-provider-berth 0".to_owned());
        panic!("two\nlines");
    }
    let this = "logging::a_panic_is_told_in_the_form_that_hosts_show";
    let output =
        Command::new(current_exe().unwrap()).args([this, "--exact", "--nocapture"]).env(ASKED, "1").output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let report: Vec<_> = stderr.lines().skip_while(|line| !line.starts_with("panic: ")).collect();
    assert_eq!(report[0], "panic: two lines");
    assert!(report[1].contains("terraform-provider-berth 0") && report[1].contains("logging.rs"), "{}", report[1]);
    assert!(report.len() > 5 && report.len() <= 100, "{} lines", report.len());
}

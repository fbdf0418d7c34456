//! What is printed, where it listens, and what happens without a host.

use std::os::unix::fs::PermissionsExt;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

use crate::host::{Host, schema};

#[tokio::test]
async fn one_line_of_six_fields_is_all_that_is_printed() {
    let host = Host::new();
    let plugin = host.start().await;
    let fields = plugin.fields();
    assert_eq!(fields.len(), 6, "{}", plugin.line);
    assert_eq!((fields[0], fields[1], fields[2], fields[4]), ("1", "6", "unix", "grpc"));
    assert!(STANDARD_NO_PAD.decode(fields[5]).unwrap().starts_with(&[0x30, 0x82]), "a DER certificate");
    let channel = plugin.connect(&host.identity).await;
    schema(&channel).await;
    let line = plugin.line.clone();
    let end = plugin.shut_down(channel).await;
    assert_eq!(end.stdout, line);
    assert_eq!(end.stderr, "");
}

#[tokio::test]
async fn a_host_without_our_version_is_answered_so_that_it_can_say_so() {
    let plugin =
        Host::new().without_env("PLUGIN_PROTOCOL_VERSIONS").env("PLUGIN_PROTOCOL_VERSIONS", "4,5").start().await;
    assert!(plugin.line.starts_with("1|6|"), "{}", plugin.line);
}

#[tokio::test]
async fn the_socket_lies_in_the_asked_folder_and_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::new().env("PLUGIN_UNIX_SOCKET_DIR", folder.path().to_str().unwrap());
    let plugin = host.start().await;
    let socket = plugin.socket();
    assert_eq!(socket.parent().unwrap(), folder.path());
    assert_eq!(socket.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let channel = plugin.connect(&host.identity).await;
    plugin.shut_down(channel).await;
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_folder_too_deep_for_a_socket_leads_to_a_port_of_the_range() {
    let host = Host::new();
    let deep = host.folder.path().join("d".repeat(60)).join("e".repeat(60));
    std::fs::create_dir_all(&deep).unwrap();
    let host = host.without_env("TMPDIR").env("TMPDIR", deep.to_str().unwrap());
    let plugin = host.start().await;
    let (network, address) = (plugin.fields()[2], plugin.fields()[3]);
    let port: u16 = address.strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
    assert_eq!(network, "tcp");
    assert!((10_000..=25_000).contains(&port));
    let channel = plugin.connect(&host.identity).await;
    assert!(schema(&channel).await.provider.is_some());
    plugin.shut_down(channel).await;
}

#[tokio::test]
async fn started_by_hand_it_tells_what_it_is_on_stderr() {
    for host in [Host::new().without_env("TF_PLUGIN_MAGIC_COOKIE"), Host::new().env("TF_PLUGIN_MAGIC_COOKIE", "other")]
    {
        let output = host.command().output().await.unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(output.stdout, b"");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.starts_with(concat!("terraform-provider-berth ", env!("CARGO_PKG_VERSION"), "\n")), "{text}");
        assert!(text.contains("required_providers") && text.contains("terraform init"), "{text}");
    }
}

#[tokio::test]
async fn an_unreadable_client_certificate_is_no_reason_to_serve_everybody() {
    let host = Host::new().env("PLUGIN_CLIENT_CERT", "not a certificate");
    let output = host.command().output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    assert!(String::from_utf8(output.stderr).unwrap().contains("PLUGIN_CLIENT_CERT"));
}

#[tokio::test]
async fn the_version_is_told() {
    let output = Host::new().argument("--version").command().output().await.unwrap();
    let expected = concat!("terraform-provider-berth ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    assert!(output.status.success());
}

#[test]
fn the_help_names_what_people_may_ask_and_a_diagnosis_of_nothing_is_a_mistake() {
    let run = |arguments: &[&str]| std::process::Command::new(crate::host::PROGRAM).args(arguments).output().unwrap();
    let help = run(&["--help"]);
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("diagnose"), "{help:?}");
    let nothing = run(&["diagnose"]);
    assert_eq!((nothing.status.code(), nothing.stdout.len()), (Some(2), 0), "{nothing:?}");
    let told = String::from_utf8_lossy(&nothing.stderr).into_owned();
    assert!(told.contains("wants a subject") && told.contains("Usage:"), "{told}");
}

//! Debug mode: the program waits, and hosts are told where it is.

use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncBufReadExt;

use crate::{
    host::{HOST_PATIENCE, Host, Plugin, channel, reach, schema},
    terraform::terraform,
};

#[tokio::test]
async fn hosts_attach_one_after_the_other_until_it_is_interrupted() {
    let host = debugger();
    let mut plugin = host.start().await;
    let attach = &reattachment(&mut plugin).await["registry.terraform.io/berth/berth"];
    assert_eq!(attach["Pid"], plugin.child.id().unwrap());
    let address = attach["Addr"]["String"].as_str().unwrap();
    for _ in 0..2 {
        let io = reach(attach["Addr"]["Network"].as_str().unwrap(), address).await.unwrap();
        assert!(schema(&channel(io).await).await.provider.is_some());
    }
    plugin.signal("INT").await;
    assert!(plugin.end(HOST_PATIENCE).await.status.success());
    assert!(!std::path::Path::new(address).exists());
}

#[tokio::test]
#[ignore = "needs terraform"]
async fn terraform_attaches() {
    let host = debugger();
    let mut plugin = host.start().await;
    let providers = reattachment(&mut plugin).await.to_string();
    for _ in 0..2 {
        let schemas = terraform(&["providers", "schema", "-json"], &[("TF_REATTACH_PROVIDERS", &providers)]).await;
        let schemas: Value = serde_json::from_str(&schemas).unwrap();
        assert!(schemas["provider_schemas"]["registry.terraform.io/berth/berth"]["provider"].is_object());
    }
    plugin.signal("INT").await;
    plugin.end(Duration::from_secs(10)).await;
}

/// Started by hand: none of what a host sets.
fn debugger() -> Host {
    Host::new().without_env("TF_PLUGIN_MAGIC_COOKIE").without_env("PLUGIN_CLIENT_CERT").argument("--debug")
}

async fn reattachment(plugin: &mut Plugin) -> Value {
    let mut line = String::new();
    while !line.contains("TF_REATTACH_PROVIDERS='") {
        line.clear();
        assert_ne!(plugin.stdout.read_line(&mut line).await.unwrap(), 0, "the variable is printed");
    }
    serde_json::from_str(line.split('\'').nth(1).unwrap()).unwrap()
}

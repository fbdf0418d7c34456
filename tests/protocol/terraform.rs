//! Terraform itself as the host.

use std::path::Path;

use serde_json::Value;
use tokio::process::Command;

use crate::host::PROGRAM;

const CONFIGURATION: &str = r#"
terraform {
  required_providers {
    berth = { source = "berth/berth" }
  }
}
"#;

#[tokio::test]
#[ignore = "needs terraform"]
async fn terraform_reads_the_schema() {
    let schemas: Value = serde_json::from_str(&terraform(&["providers", "schema", "-json"], &[]).await).unwrap();
    let provider = &schemas["provider_schemas"]["registry.terraform.io/berth/berth"];
    assert!(provider["provider"]["block"].is_object(), "{schemas}");
}

#[tokio::test]
#[ignore = "needs terraform"]
async fn terraform_is_served_without_tls_too() {
    let schemas = terraform(&["providers", "schema", "-json"], &[("TF_DISABLE_PLUGIN_TLS", "1")]).await;
    assert!(schemas.contains("registry.terraform.io/berth/berth"), "{schemas}");
}

/// What a Terraform command prints in a folder that uses the built program.
pub async fn terraform(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.tf"), CONFIGURATION).unwrap();
    let settings = folder.path().join("terraform.rc");
    let programs = Path::new(PROGRAM).parent().unwrap();
    let overrides = format!(
        "provider_installation {{\n  dev_overrides {{\n    \"registry.terraform.io/berth/berth\" = \"{}\"\n  }}\n  direct {{}}\n}}\n",
        programs.display()
    );
    std::fs::write(&settings, overrides).unwrap();
    let output = Command::new("terraform")
        .args(arguments)
        .current_dir(folder.path())
        .env("TF_CLI_CONFIG_FILE", &settings)
        .env("CHECKPOINT_DISABLE", "1")
        .envs(environment.iter().copied())
        .output()
        .await
        .expect("terraform is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

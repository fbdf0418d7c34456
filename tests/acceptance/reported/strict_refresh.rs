//! A job that looks for drift must not be green because nobody could be asked.

use crate::kubectl::Namespace;
use crate::workspace::{Cli, Workspace};

fn configuration(namespace: &str) -> String {
    format!(
        r#"
variable "away" {{
  type    = bool
  default = false
}}
variable "strict" {{
  type    = bool
  default = null
}}
provider "berth" {{
  kubernetes     = var.away ? {{ host = "https://127.0.0.1:1", token = "none" }} : null
  strict_refresh = var.strict
}}
resource "berth_pull_secret" "this" {{
  name       = "strict"
  namespaces = ["{namespace}"]
  registries = {{ "hub.sandbox.test" = {{ username = "a", password_wo = "b", password_wo_version = 1 }} }}
}}
"#
    )
}

#[test]
#[ignore = "needs the sandbox"]
fn a_refresh_that_could_not_ask_is_an_error_where_that_is_wanted() {
    for cli in Cli::all() {
        let namespace = Namespace::new("strict");
        let workspace = Workspace::on(&cli, &configuration(&namespace.0));
        workspace.apply().succeeds();

        let away = workspace.env("TF_VAR_away", "true");
        let told = away.plan().changes_nothing();
        assert!(told.diagnostics().iter().any(|shown| shown.detail.contains("BERTH-K8S-003")));

        let strict = away.env("TF_VAR_strict", "true");
        let told = strict.plan().fails();
        assert!(told.contains("BERTH-K8S-003"), "{told}");

        let back = strict.env("TF_VAR_away", "false");
        back.plan().changes_nothing();
        back.destroy().succeeds();
    }
}

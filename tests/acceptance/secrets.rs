//! Secrets where things fail: none is in the output, the log at TRACE, the plan or the state, in whatever form.
//!
//! Each run of a [`Workspace`] is searched for all that it was told never to show.

mod cluster;
mod logins;

use crate::workspace::Workspace;

/// A provider block with this way to the cluster, and an object that needs the cluster at once.
fn with_cluster(way: &str) -> String {
    format!(
        r#"
variable "password" {{
  type      = string
  ephemeral = true
}}
provider "berth" {{
  {way}
}}
resource "berth_pull_secret" "this" {{
  name       = "pull"
  namespaces = ["default"]
  registries = {{ "registry.sandbox.test" = {{ username = "ann", password_wo = var.password, password_wo_version = 1 }} }}
}}
"#
    )
}

fn workspace(way: &str) -> Workspace {
    Workspace::new(&with_cluster(way)).secret("password", "a password: for/pulling?")
}

//! A registry behind an Ingress whose certificate is proved through the same class: no zone of challenges, one apply.

use super::{Namespace, account, provider, text};
use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

const PASSWORD: &str = "a password behind an ingress";

/// Registry, the address of its Ingress, the record for it, the certificate by that record, the check: each needs the one before.
fn configuration(namespace: &Namespace, name: &str) -> String {
    let root = std::fs::read_to_string(value("SANDBOX_ACME_ROOT_FILE")).unwrap();
    provider("")
        + &account(namespace)
        + &format!(
            r#"
variable "password" {{
  type      = string
  ephemeral = true
}}
resource "berth_registry" "main" {{
  name      = "registry"
  namespace = "{space}"
  host      = "{name}"
  storage   = {{ ephemeral = {{}} }}
  users     = {{ ann = {{ password_wo = var.password, password_wo_version = 1 }} }}
  tls       = {{ secret_name = "registry-tls" }}
  ingress   = {{ class = "{class}" }}
}}
data "berth_ingress_address" "main" {{
  namespace  = "{space}"
  name       = "registry"
  depends_on = [berth_registry.main]
}}
resource "berth_dns_record" "main" {{
  zone_id = "{zone}"
  name    = "{name}"
  type    = "A"
  ttl     = 1
  values  = data.berth_ingress_address.main.ips
  wait    = "authoritative"
}}
resource "berth_acme_certificate" "main" {{
  account_url       = berth_acme_account.main.account_url
  account_key       = {{ kubernetes_secret = {{ namespace = "{space}", name = "acme-account" }} }}
  dns_names         = [berth_dns_record.main.name]
  http01            = {{ ingress_class = "{class}", namespace = "{space}" }}
  kubernetes_secret = {{ namespace = "{space}", name = "registry-tls" }}
}}
resource "berth_registry_check" "main" {{
  host        = "{name}"
  username    = "ann"
  password_wo = var.password
  ca_pem      = <<-EOT
{root}
EOT
  triggers    = {{ certificate = berth_acme_certificate.main.serial_number }}
}}
"#,
            space = namespace.0,
            class = value("SANDBOX_INGRESS_CLASS"),
            zone = value("SANDBOX_ZONE_ID"),
        )
}

#[test]
#[ignore = "needs the sandbox with an ingress controller"]
fn a_registry_its_address_its_certificate_and_its_proof_go_through_one_ingress() {
    for cli in Cli::all() {
        let namespace = Namespace::new(if cli.is_tofu() { "behind-tofu" } else { "behind" });
        let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
        let workspace = Workspace::on(&cli, &configuration(&namespace, &name)).secret("password", PASSWORD);
        workspace.apply().succeeds();
        let found = workspace.attributes("data.berth_ingress_address.main");
        assert_eq!(text(&found, "ip"), value("SANDBOX_INGRESS_IP"));
        assert_eq!(text(&workspace.attributes("berth_registry.main"), "url"), format!("https://{name}"));
        let results = workspace.attributes("berth_registry_check.main")["results"].clone();
        let steps: Vec<_> = results.as_array().unwrap().iter().map(|one| text(one, "step")).collect();
        assert_eq!(steps, ["resolve", "tls", "anonymous", "login", "push", "pull"]);
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}

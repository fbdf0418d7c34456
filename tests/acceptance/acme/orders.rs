//! Orders whose challenges other records publish, and the certificates that complete them.

use serde_json::Value;

use super::{Namespace, account, provider, text, txt_values};
use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

/// An order for a name and its wildcard, the record that proves it, and the certificate.
fn in_two_steps(namespace: &Namespace, name: &str, renewal: &str) -> String {
    let key = format!("{{ kubernetes_secret = {{ namespace = \"{0}\", name = \"acme-account\" }} }}", namespace.0);
    provider("")
        + &account(namespace)
        + &format!(
            r#"
resource "berth_acme_order" "web" {{
  account_url = berth_acme_account.main.account_url
  account_key = {key}
  dns_names   = ["{name}", "*.{name}"]
  profile     = "shortlived"
{renewal}
}}

resource "berth_dns_record" "challenge" {{
  zone_id = "{zone}"
  name    = "_acme-challenge.{name}"
  type    = "TXT"
  ttl     = 1
  values  = berth_acme_order.web.txt_records["_acme-challenge.{name}"]
}}

resource "berth_acme_certificate" "web" {{
  order             = berth_acme_order.web.order_url
  account_url       = berth_acme_order.web.account_url
  account_key       = {key}
  dns_names         = berth_acme_order.web.dns_names
  profile           = berth_acme_order.web.profile
  kubernetes_secret = {{ namespace = "{0}", name = "web-tls" }}
  depends_on        = [berth_dns_record.challenge]
}}
"#,
            namespace.0,
            zone = value("SANDBOX_ZONE_ID"),
        )
}

#[test]
#[ignore = "needs the sandbox"]
fn an_order_is_proved_by_other_records_and_completed_and_renewed() {
    for cli in Cli::all() {
        let namespace = Namespace::new(if cli.is_tofu() { "order-tofu" } else { "order" });
        let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
        // Due when all but a second or two of the six days is left.
        let at_once = "  renewal = { ari = false, remaining_fraction = 0.999997 }\n";
        let workspace = Workspace::on(&cli, &in_two_steps(&namespace, &name, ""));
        workspace.apply().succeeds();
        let (order, first) =
            (workspace.attributes("berth_acme_order.web"), workspace.attributes("berth_acme_certificate.web"));
        let record = format!("_acme-challenge.{name}");
        assert_eq!(order["txt_records"][&record].as_array().map(Vec::len), Some(2), "{order}");
        assert_eq!(txt_values(&value("SANDBOX_ZONE_ID"), &record).len(), 2, "the records are the user's");
        for one in [&name, &format!("*.{name}")] {
            assert_eq!(order["challenges"][one]["record_name"], Value::from(record.as_str()), "{order}");
        }
        workspace.plan().changes_nothing();
        workspace.refresh().succeeds();
        assert_eq!(text(&workspace.attributes("berth_acme_order.web"), "status"), "valid");

        workspace.configure(&in_two_steps(&namespace, &name, at_once));
        workspace.apply().succeeds();
        let renewal = || workspace.plan().changes();
        let changes = std::iter::repeat_with(renewal).take(20).find(|changes| !changes.is_empty()).unwrap();
        let updated = |address: &str| changes.contains(&(address.to_owned(), "update".to_owned()));
        assert!(updated("berth_acme_order.web") && updated("berth_acme_certificate.web"), "{changes:?}");
        workspace.apply_plan().succeeds();
        let second = workspace.attributes("berth_acme_certificate.web");
        assert_ne!(text(&first, "serial_number"), text(&second, "serial_number"));

        workspace.configure(&in_two_steps(&namespace, &name, ""));
        workspace.run(&["apply", "-refresh=false", "-auto-approve", "-json"]).succeeds();
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        assert!(namespace.secret("web-tls").is_none());
    }
}

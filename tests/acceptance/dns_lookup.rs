//! What DNS says about names of the sandbox.

use serde_json::json;

use crate::sandbox;
use crate::workspace::{Cli, Workspace};

fn lookup(name: &str, more: &str) -> String {
    format!("data \"berth_dns_lookup\" \"{name}\" {{\n {more}\n}}\n")
}

#[test]
#[ignore = "needs the sandbox"]
fn answers_come_from_resolvers_and_from_a_zones_own_servers() {
    let zone = sandbox::value("SANDBOX_ZONE_NAME");
    let server = sandbox::value("SANDBOX_DNS_SERVER");
    for cli in Cli::all() {
        let workspace = Workspace::on(
            &cli,
            &[
                lookup("server", &format!("name = \"NS1.{zone}.\"\n resolvers = [\"{server}\"]")),
                lookup("direct", &format!("name = \"ns1.{zone}\"\n type = \"a\"\n authoritative = true")),
                lookup("soa", &format!("name = \"{zone}\"\n type = \"SOA\"")),
                lookup("apex", &format!("name = \"{zone}\"\n type = \"SOA\"\n authoritative = true")),
                lookup("absent", &format!("name = \"nothing-at-all.{zone}\"\n authoritative = true")),
                lookup("typeless", &format!("name = \"ns1.{zone}\"\n type = \"TXT\"")),
            ]
            .concat(),
        );
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let of = |name: &str| workspace.attributes(&format!("data.berth_dns_lookup.{name}"));
        let node = json!([sandbox::value("SANDBOX_NODE_IP")]);
        for name in ["server", "direct"] {
            let answer = of(name);
            assert_eq!(
                (&answer["values"], &answer["found"], &answer["rcode"]),
                (&node, &json!(true), &json!("NOERROR")),
                "{name}"
            );
            assert!(answer["ttl"].as_i64().is_some_and(|ttl| ttl > 0), "{answer}");
        }
        assert_eq!(of("direct")["servers"][0]["server"], json!(format!("ns1.{zone}")));
        assert!(of("soa")["values"][0].as_str().unwrap().contains("hostmaster"), "{}", of("soa"));
        let (absent, typeless) = (of("absent"), of("typeless"));
        assert_eq!(
            (&absent["rcode"], &absent["found"], &absent["values"]),
            (&json!("NXDOMAIN"), &json!(false), &json!([]))
        );
        assert_eq!(
            (&typeless["rcode"], &typeless["found"], &typeless["ttl"]),
            (&json!("NOERROR"), &json!(false), &json!(null))
        );
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn absence_is_an_error_only_if_asked_and_silence_always() {
    let zone = sandbox::value("SANDBOX_ZONE_NAME");
    let workspace = Workspace::new(&lookup("x", &format!("name = \"nothing.{zone}\"\n must_exist = true")));
    let errors = workspace.plan().fails();
    assert!(errors.contains("BERTH-DNS-008") && errors.contains("NXDOMAIN"), "{errors}");
    // A port that nobody listens at.
    workspace.configure(&lookup("x", &format!("name = \"ns1.{zone}\"\n resolvers = [\"127.0.0.1:9\"]")));
    let errors = workspace.plan().fails();
    assert!(errors.contains("BERTH-DNS-003") && errors.contains("127.0.0.1"), "{errors}");
    for (more, expected) in
        [("type = \"SPF\"", "cannot be asked for"), ("resolvers = [\"ns.example\"]", "must be `IP` or `IP:PORT`")]
    {
        workspace.configure(&lookup("x", &format!("name = \"a.{zone}\"\n {more}")));
        let errors = workspace.validate().fails();
        assert!(errors.contains(expected), "{errors}");
    }
}

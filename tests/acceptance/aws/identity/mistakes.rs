//! What is wrong with a role is told before anything is asked.

use super::role;
use crate::workspace::Workspace;

fn arns(count: usize) -> String {
    let arns: Vec<_> = (0..count).map(|i| format!("\"arn:aws:iam::123456789012:policy/p{i}\"")).collect();
    arns.join(", ")
}

fn resources(count: usize) -> String {
    let arns: Vec<_> = (0..count).map(|i| format!("\"arn:aws:s3:::a-bucket-of-a-long-name/{i:08}\"")).collect();
    arns.join(", ")
}

fn accounts(count: usize) -> String {
    let accounts: Vec<_> =
        (0..count).map(|i| format!("{{ namespace = \"namespace-{i}\", name = \"account\" }}")).collect();
    format!("[{}]", accounts.join(", "))
}

#[test]
#[ignore = "needs the sandbox"]
fn mistakes_are_found_without_a_remote() {
    let long = "a".repeat(65);
    let cases = [
        (role(&long, ""), "must have 1 to 64 characters, and has 65"),
        (role("x", "statements = [{ actions = [\"GetObject\"], resources = [\"*\"] }]"), "statements[0].actions[0]"),
        (role("x", "statements = [{ actions = [\"a:b\"], resources = [\"bucket\"] }]"), "statements[0].resources[0]"),
        (
            role("x", "statements = [{ effect = \"maybe\", actions = [\"a:b\"], resources = [\"*\"] }]"),
            "`Allow` or `Deny`",
        ),
        (role("x", "max_session_duration = 60"), "must be between 3600 and 43200"),
        (role("x", "oidc_issuer_url = \"https://a.example\""), "are both set"),
        (role("x", "oidc_providers = [{ arn = \"a\" }]"), "are both set"),
        (role("x", "name_prefix = \"y\""), "`name` and `name_prefix` are both set"),
        (role("x", "").replace("name = \"x\"", "name_prefix = null"), "The role has no name"),
        (role("x", "").replace("oidc_provider_arn", "oidc_providers = [{}] #"), "one of `arn` and `issuer_url`"),
        (role("x", "description = \"a \u{2013} b\""), "Latin-1"),
        (role("x", "tags = { \"aws:x\" = \"1\" }"), "AWS's own"),
        (role("x", "path = \"team\""), "must begin and end with `/`"),
        (
            role(
                "x",
                &format!(
                    "statements = [{{ actions = [\"a:b\"], resources = [{}] }}]\n policy_kind = \"managed\"",
                    resources(200)
                ),
            ),
            "divide it into several statements",
        ),
        (role("x", &format!("managed_policy_arns = [{}]", arns(26))), "would have 26 managed policies"),
        (role("x", "").replace("[{ namespace = \"apps\", name = \"web\" }]", &accounts(200)), "The trust policy has"),
        (role("x", "").replace("oidc_provider_arn", "# "), "set `oidc_provider_arn` or `oidc_issuer_url`"),
    ];
    for (configuration, expected) in cases {
        let errors = Workspace::new(&configuration).validate().fails();
        assert!(errors.contains(expected), "{expected}: {errors}");
    }
}

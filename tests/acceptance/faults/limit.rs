//! AWS's limit of a few requests a second, for a configuration that needs hundreds of objects.

use std::time::{Duration, Instant};

use crate::aws::{PROVIDER, unique};
use crate::fault_proxy::Faults;
use crate::sandbox;
use crate::workspace::Workspace;

/// Route53's limit for a whole account; here IAM has it too.
const REQUESTS_A_SECOND: &str = "5";
const RECORDS: usize = 300;
const ROLES: usize = 30;
/// Far below what one call for each object and step would take.
const PATIENCE: Duration = Duration::from_mins(2);

#[test]
#[ignore = "needs the sandbox"]
fn hundreds_of_objects_are_made_and_refreshed_within_five_requests_a_second() {
    let faults = Faults::before_aws(&["--limit", REQUESTS_A_SECOND]);
    let label = unique("limited");
    let zone = sandbox::value("SANDBOX_ZONE_ID");
    let workspace = Workspace::new(&format!(
        "{PROVIDER}resource \"berth_dns_record\" \"x\" {{\n count = {RECORDS}\n zone_id = \"{zone}\"\n \
         name = \"n${{count.index}}.{label}\"\n type = \"A\"\n values = [\"192.0.2.1\"]\n}}\n\
         resource \"berth_irsa_role\" \"x\" {{\n count = {ROLES}\n name = \"{label}-${{count.index}}\"\n \
         oidc_provider_arn = \"{provider}\"\n service_accounts = [{{ namespace = \"apps\", name = \"web\" }}]\n \
         statements = [{{ actions = [\"s3:GetObject\"], resources = [\"*\"] }}]\n}}\n",
        provider = sandbox::value("SANDBOX_OIDC_PROVIDER_ARN"),
    ))
    .env("AWS_ENDPOINT_URL", faults.url());
    let refused = || faults.counts().get("limit").copied().unwrap_or_default();
    let made = timed(|| drop(workspace.apply().succeeds()));
    assert!(faults.answered().len() > 2 * ROLES, "without a pace that would be too fast: {}", faults.answered().len());
    // The pace is kept by each process: the apply does not know what its plan has asked in the same second.
    assert!(refused() <= 5, "what is asked faster than the limit allows: {}", refused());
    let refreshed = timed(|| drop(workspace.plan().changes_nothing()));
    let destroyed = timed(|| drop(workspace.destroy().succeeds()));
    println!("made in {made:?}, refreshed in {refreshed:?}, destroyed in {destroyed:?}; {} calls refused", refused());
    assert!(made < PATIENCE, "{made:?}");
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

//! Runs ended without a word at any moment, a hundred of them one after the other, over everything at once: the next apply goes
//! on, nothing is lost, nothing is there twice, and at the end nothing is left.

use std::collections::BTreeMap;

use crate::aws::{Account, own_zone::OwnZone, unique};
use crate::chance::Chance;
use crate::kubectl::{Namespace, names};
use crate::sandbox::value;
use crate::workspace::{Run, Workspace};

const PASSWORD: &str = "a lantern on the quay";
/// How many runs are ended.
const MOMENTS: u64 = 100;
/// The longest that a run is let go on, in milliseconds: about the time of a whole one.
const LONGEST: u64 = 4000;
/// Codes of refusals whose next step is to import what stands already.
const STANDS: [&str; 3] = ["BERTH-K8S-015", "BERTH-ROUTE53-002", "BERTH-AWS-005"];

struct Scene {
    namespace: Namespace,
    zone: OwnZone,
    role: String,
    revision: u64,
    workspace: Workspace,
}

impl Scene {
    fn new() -> Self {
        let workspace = Workspace::new("").secret("password", PASSWORD);
        let (namespace, zone, role) = (Namespace::new("moments"), OwnZone::new("moments"), unique("moments"));
        let scene = Self { namespace, zone, role, revision: 0, workspace };
        scene.declare();
        scene
    }

    /// Everything that has an owner, each with something that differs from revision to revision.
    fn declare(&self) {
        let Self { namespace, zone, role, revision, .. } = self;
        let (namespace, domain, zone) = (&namespace.0, &zone.name, zone.id.as_str());
        let level = if revision % 2 == 0 { "info" } else { "warn" };
        let address = revision % 200 + 1;
        self.workspace.configure(&format!(
            r#"
variable "password" {{
  type      = string
  ephemeral = true
}}
resource "berth_registry" "it" {{
  name      = "ship"
  namespace = "{namespace}"
  storage   = {{ ephemeral = {{}} }}
  users     = {{ ann = {{ password_wo = var.password, password_wo_version = 1 }} }}
  log_level = "{level}"
  wait      = false
}}
resource "berth_pull_secret" "it" {{
  name       = "pull"
  namespaces = ["{namespace}"]
  registries = {{ "r{revision}.sandbox.test" = {{ username = "ann", password_wo = var.password, password_wo_version = 1 }} }}
}}
resource "berth_dns_record" "it" {{
  zone_id = "{zone}"
  name    = "one.{domain}"
  type    = "A"
  values  = ["192.0.2.{address}"]
  wait    = "none"
}}
resource "berth_dns_records" "it" {{
  zone_id = "{zone}"
  records = {{
    kept  = {{ name = "kept.{domain}", type = "A", values = ["192.0.2.1"] }}
    moves = {{ name = "moves{revision}.{domain}", type = "A", values = ["192.0.2.2"] }}
  }}
  wait = "none"
}}
resource "berth_irsa_role" "it" {{
  name              = "{role}"
  description       = "Revision {revision}."
  oidc_provider_arn = "{}"
  service_accounts  = [{{ namespace = "{namespace}", name = "ship" }}]
  statements        = [{{ actions = ["s3:GetObject"], resources = ["arn:aws:s3:::images-{revision}/*"] }}]
}}
"#,
            value("SANDBOX_OIDC_PROVIDER_ARN")
        ));
    }

    /// What each resource is imported by.
    fn id(&self, address: &str) -> String {
        let (namespace, zone, domain) = (&self.namespace.0, self.zone.id.as_str(), &self.zone.name);
        match address.split_once('.').unwrap().0 {
            "berth_registry" => format!("{namespace}/ship"),
            "berth_pull_secret" => format!("{namespace}/pull"),
            "berth_dns_record" => format!("{zone}/one.{domain}/A"),
            "berth_dns_records" => format!("{zone}/kept=kept.{domain}/A,moves=moves{}.{domain}/A", self.revision),
            "berth_irsa_role" => self.role.clone(),
            other => panic!("{other}"),
        }
    }

    /// Applies until it succeeds. A state that never heard of what a killed run finished is told what to import.
    #[track_caller]
    fn goes_on(&self, step: &str) {
        for _ in 0..6 {
            let run = self.workspace.apply();
            if run.is_success() {
                return;
            }
            for (address, id) in self.to_import(&run, step) {
                self.workspace.import(&address, &id).succeeds();
            }
        }
        panic!("{step}: refused again and again");
    }

    fn to_import(&self, run: &Run, step: &str) -> BTreeMap<String, String> {
        let errors = run.diagnostics().into_iter().filter(|shown| shown.severity == "error");
        let stands = errors.map(|shown| {
            assert!(
                STANDS.iter().any(|code| shown.detail.contains(code)),
                "{step}: {} {}",
                shown.summary,
                shown.detail
            );
            // Of a map, the message names the records that are there.
            let named = shown.detail.split_once("by the id `").and_then(|(_, rest)| rest.split('`').next());
            let address = shown.address.unwrap();
            let id = named.map_or_else(|| self.id(&address), str::to_owned);
            (address, id)
        });
        stands.collect()
    }

    /// What is there by the remotes' own word: objects of the cluster, records of the zone, the role.
    fn there(&self) -> Vec<String> {
        let kinds = ["deployment", "service", "serviceaccount", "configmap", "secret"];
        let objects = kinds
            .into_iter()
            .flat_map(|kind| names(&self.namespace.0, kind).into_iter().map(move |name| format!("{kind}/{name}")));
        let foreign = ["serviceaccount/default", "configmap/kube-root-ca.crt"];
        let mut found: Vec<_> = objects.filter(|object| !foreign.contains(&object.as_str())).collect();
        found.extend(self.records());
        found.extend(Account::open().role(&self.role).map(|_| format!("role {}", self.role)));
        found.sort();
        found
    }

    /// The names of the zone's records but its own.
    fn records(&self) -> Vec<String> {
        let account = Account::open();
        let all = account
            .runtime
            .block_on(async { account.open_route53().await.records(&Account::budget(), &self.zone.id).await.unwrap() });
        let names = all.iter().map(|set| set.key.name.to_string());
        names.filter(|name| name.trim_end_matches('.') != self.zone.name).collect()
    }

    fn expected(&self) -> Vec<String> {
        let (domain, revision) = (&self.zone.name, self.revision);
        let objects = [
            "configmap/ship-config",
            "deployment/ship",
            "secret/pull",
            "secret/ship-credentials",
            "secret/ship-users",
            "service/ship",
            "serviceaccount/ship",
        ];
        let mut expected: Vec<String> = objects.map(str::to_owned).into();
        expected.extend([
            format!("one.{domain}"),
            format!("kept.{domain}"),
            format!("moves{revision}.{domain}"),
            format!("role {}", self.role),
        ]);
        expected.sort();
        expected
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_hundred_runs_ended_at_any_moment_lose_nothing_and_leave_nothing() {
    let seed = u64::from(std::process::id());
    let (mut chance, mut scene) = (Chance(seed), Scene::new());
    let mut cut = 0;
    for number in 0..MOMENTS {
        let destroys = chance.below(4) == 0;
        if !destroys {
            scene.revision += 1;
            scene.declare();
        }
        let moment = chance.moment(LONGEST);
        let step = format!("seed {seed}, run {number}, {}, {moment:?}", if destroys { "destroy" } else { "apply" });
        let running = if destroys { scene.workspace.start_destroy() } else { scene.workspace.start_apply() };
        cut += u64::from(!running.kill_whatever_runs_after(moment).is_success());
        scene.goes_on(&step);
        assert_eq!(scene.there(), scene.expected(), "{step}");
        if number % 10 == 9 {
            scene.workspace.plan().changes_nothing();
        }
    }
    assert!(cut > MOMENTS / 4, "seed {seed}: only {cut} of {MOMENTS} runs were ended before their end");
    scene.workspace.destroy().succeeds();
    assert_eq!(scene.there(), Vec::<String>::new(), "seed {seed}: left");
}

//! What a configuration with many records, roles and an OIDC provider asks for, step by step, and whether it is so.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use berth::domain::dns::challenge::holds;
use berth::domain::dns::{DnsName, RecordSet, RecordType, ZoneId};

use crate::aws::{Account, PROVIDER, unique};
use crate::sandbox;

const RECORDS: usize = 12;
const VALUES: usize = 4;
const ROLES: usize = 6;
const THEIRS: &str = "theirs";

/// The objects of one test, under names that no other test uses.
pub struct World {
    label: String,
}

/// A record that is wanted: type and value.
type Wish = (RecordType, String);

/// A role that is wanted.
struct RoleWish {
    description: String,
    action: String,
    kind: &'static str,
    tag: String,
}

impl World {
    /// Somebody else's challenge value is there before.
    pub fn new() -> Self {
        let world = Self { label: unique("faulty") };
        let theirs = format!("\"{THEIRS}\"");
        let set = RecordSet::simple(world.challenge_name(), RecordType::Txt, 120, vec![theirs]);
        let account = Account::open();
        let written = async { account.aws.route53().await.upsert(&Account::budget(), &zone(), set).await };
        account.runtime.block_on(written).unwrap();
        world
    }

    /// At each step other records are there; those that stay change every third time; one changes its type.
    fn records(&self, step: usize) -> BTreeMap<DnsName, Wish> {
        let present = (0..RECORDS).filter(|index| !(index + step).is_multiple_of(4));
        let wish = |index: usize| match index {
            2 if step % 2 == 1 => (RecordType::Cname, "target.example.com".to_owned()),
            index if index % 3 == 1 => (RecordType::Txt, format!("step {}", step / 2)),
            index => (RecordType::A, format!("192.0.2.{}", index + 20 * (step / 3))),
        };
        present.map(|index| (self.name(&format!("n{index}")), wish(index))).collect()
    }

    fn values(step: usize) -> BTreeSet<String> {
        (0..VALUES)
            .filter(|index| !(index + step).is_multiple_of(3))
            .map(|index| format!("value-{index}-{}", step / 2))
            .collect()
    }

    fn roles(&self, step: usize) -> BTreeMap<String, RoleWish> {
        let present = (0..ROLES).filter(|index| !(index + step).is_multiple_of(3));
        let role = |index: usize| RoleWish {
            description: format!("at step {}", step / 2),
            action: format!("s3:Get{index}At{step}"),
            kind: if index.is_multiple_of(2) { "inline" } else { "managed" },
            tag: format!("{}", step % 4),
        };
        present.map(|index| (format!("{}-r{index}", self.label), role(index))).collect()
    }

    /// The second half has another issuer, which replaces the provider.
    fn issuer(&self, step: usize) -> String {
        format!("{}.example/id/{}", self.label, if step < 5 { "A" } else { "B" })
    }

    /// The configuration of a step.
    pub fn configuration(&self, step: usize) -> String {
        let mut text = PROVIDER.to_owned();
        let mut write = |more: String| text.write_str(&more).unwrap();
        write(format!(
            "resource \"berth_oidc_provider\" \"x\" {{\n url = \"https://{}\"\n client_ids = [\"sts.amazonaws.com\"]\n \
             thumbprints = [\"{}\"]\n tags = {{ step = \"{step}\" }}\n}}\n",
            self.issuer(step),
            "a".repeat(40)
        ));
        for (name, (kind, value)) in self.records(step) {
            let label = name.as_str().split('.').next().unwrap().to_owned();
            write(format!(
                "resource \"berth_dns_record\" \"{label}\" {{\n zone_id = \"{}\"\n name = \"{name}\"\n type = \"{}\"\n ttl = 60\n \
                 values = [\"{value}\"]\n}}\n",
                zone(),
                kind.as_str()
            ));
        }
        for value in Self::values(step) {
            let domain = self.challenge_name().as_str().trim_start_matches("_acme-challenge.").to_owned();
            write(format!(
                "resource \"berth_dns01_record\" \"{value}\" {{\n domain = \"{domain}\"\n value = \"{value}\"\n}}\n"
            ));
        }
        for (name, role) in self.roles(step) {
            let provider = "oidc_provider_arn = berth_oidc_provider.x.arn";
            write(format!(
                "resource \"berth_irsa_role\" \"{name}\" {{\n name = \"{name}\"\n description = \"{}\"\n {provider}\n \
                 service_accounts = [{{ namespace = \"apps\", name = \"web\" }}]\n policy_kind = \"{}\"\n \
                 statements = [{{ actions = [\"{}\"], resources = [\"*\"] }}]\n tags = {{ step = \"{}\" }}\n}}\n",
                role.description, role.kind, role.action, role.tag
            ));
        }
        text
    }

    /// Fails the test unless AWS has exactly what the step asks for.
    pub fn is_at(&self, step: usize) {
        let live = self.live();
        assert_eq!(live.records, self.records(step), "step {step}");
        assert_eq!(live.values, Self::values(step), "step {step}");
        let wanted = self.roles(step);
        assert_eq!(live.roles.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "step {step}");
        for (name, wish) in &wanted {
            let role = &live.roles[name];
            assert_eq!((&role.description, &role.tag), (&wish.description, &wish.tag), "{name} at step {step}");
            assert!(
                role.documents.len() == 1 && role.documents[0].contains(&wish.action),
                "{name}: {:?}",
                role.documents
            );
        }
        let managed = wanted.values().filter(|role| role.kind == "managed").count();
        assert_eq!(live.policies.len(), managed, "step {step}: {:?}", live.policies);
        let issuers = BTreeMap::from([(self.issuer(step), step.to_string())]);
        assert_eq!(live.issuers, issuers, "step {step}");
    }

    /// Fails the test unless nothing is left but somebody else's value, and takes that away.
    pub fn is_gone(&self) {
        let live = self.live();
        assert!(live.records.is_empty() && live.values.is_empty(), "{:?} {:?}", live.records, live.values);
        assert!(live.roles.is_empty() && live.policies.is_empty() && live.issuers.is_empty(), "{:?}", live.policies);
        let account = Account::open();
        let removed = async {
            let route53 = account.aws.route53().await;
            route53.remove_txt_value(&Account::budget(), &zone(), &self.challenge_name(), THEIRS).await
        };
        assert!(account.runtime.block_on(removed).unwrap().is_some(), "somebody else's value is gone");
    }

    fn name(&self, label: &str) -> DnsName {
        DnsName::parse(&format!("{label}.{}.{}", self.label, sandbox::value("SANDBOX_ZONE_NAME"))).unwrap()
    }

    fn challenge_name(&self) -> DnsName {
        self.name("_acme-challenge")
    }
}

/// What AWS has under a world's names.
struct Live {
    records: BTreeMap<DnsName, Wish>,
    values: BTreeSet<String>,
    roles: BTreeMap<String, LiveRole>,
    policies: BTreeSet<String>,
    /// The tag `step` by issuer.
    issuers: BTreeMap<String, String>,
}

struct LiveRole {
    description: String,
    tag: String,
    documents: Vec<String>,
}

impl World {
    fn live(&self) -> Live {
        let account = Account::open();
        let (challenge, budget) = (self.challenge_name(), Account::budget());
        let sets =
            account.runtime.block_on(async { account.aws.route53().await.records(&budget, &zone()).await.unwrap() });
        let mut values: BTreeSet<_> = (0..STEP_VALUES).flat_map(Self::values).collect();
        values.retain(|value| holds(&sets, &challenge, value));
        let ours = sets.iter().filter(|set| set.key.name != challenge && set.key.name.as_str().contains(&self.label));
        let plain = |set: &RecordSet| {
            assert_eq!(set.values().len(), 1, "{set:?}");
            (set.key.kind, set.values()[0].trim_matches('"').trim_end_matches('.').to_owned())
        };
        let records: Vec<_> = ours.map(|set| (set.key.name.clone(), plain(set))).collect();
        let count = records.len();
        let records: BTreeMap<_, _> = records.into_iter().collect();
        assert_eq!(records.len(), count, "one type at each name");
        let (roles, policies) = self.live_roles(&account);
        Live { records, values, roles, policies, issuers: self.live_issuers(&account) }
    }

    fn live_roles(&self, account: &Account) -> (BTreeMap<String, LiveRole>, BTreeSet<String>) {
        let (mut roles, mut policies) = (BTreeMap::new(), BTreeSet::new());
        account.runtime.block_on(async {
            let (iam, budget) = (account.aws.iam().await, Account::budget());
            for name in (0..ROLES).map(|index| format!("{}-r{index}", self.label)) {
                let own = format!("arn:aws:iam::123456789012:policy/{name}");
                let policy = iam.policy(&budget, &own).await.unwrap();
                policies.extend(policy.iter().map(|policy| policy.arn.clone()));
                let Some(role) = iam.role(&budget, &name).await.unwrap() else { continue };
                let documents = role.inline_policies.into_values();
                let attached = policy.filter(|policy| role.attached_policies.contains(&policy.arn));
                let documents = documents.chain(attached.map(|policy| policy.document)).collect();
                let tag = role.tags.get("step").cloned().unwrap_or_default();
                roles.insert(name, LiveRole { description: role.description, tag, documents });
            }
        });
        (roles, policies)
    }

    fn live_issuers(&self, account: &Account) -> BTreeMap<String, String> {
        let issuers = BTreeSet::from([self.issuer(0), self.issuer(9)]);
        account.runtime.block_on(async {
            let (iam, budget) = (account.aws.iam().await, Account::budget());
            let mut found = BTreeMap::new();
            for issuer in issuers {
                let arn = format!("arn:aws:iam::123456789012:oidc-provider/{issuer}");
                let provider = iam.provider(&budget, &arn).await.unwrap();
                found.extend(provider.map(|provider| (issuer, provider.tags["step"].clone())));
            }
            found
        })
    }
}

/// Steps whose challenge values are looked for.
const STEP_VALUES: usize = 12;

fn zone() -> ZoneId {
    ZoneId::new(&sandbox::value("SANDBOX_ZONE_ID"))
}

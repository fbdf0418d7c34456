//! The ACME client against pebble, with the challenge records in a Route53 that the CA's resolver reads.

mod route53;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use berth::clients::acme::issue::{Entry, Issuance, Issued, Journal, Publisher, TxtRecord, Wish};
use berth::clients::acme::{
    AccountKey, Acme, AcmeError, ExternalAccount, Found, KeyType, LeafKey, NewAccount, OrderSpec, Registered,
    RevocationReason, Status, Trust,
};
use berth::clients::dns::{Check, Dns, DnsError, DnsSettings, parse_resolver};
use berth::clients::http::Network;
use berth::clock::Clock;
use berth::env::Env;
use berth::explain::Explanation;
use berth::retry::{Budget, Stopped};
use berth::secret::Secret;
use tokio_util::sync::CancellationToken;

use route53::Route53Publisher;

/// A variable of the sandbox; a test that needs it fails loudly without.
fn sandbox(name: &str) -> String {
    let env = Env::process();
    env.get(name).unwrap_or_else(|| panic!("{name} is not set: run this inside `sandbox/sandbox exec`")).to_owned()
}

fn ca_at(directory: &str) -> Acme {
    let root = std::fs::read_to_string(sandbox("SANDBOX_ACME_CA_FILE")).unwrap();
    let trust = Trust { roots: [("ca_file", root)].into() };
    Acme::new(sandbox(directory), &trust, &Network::default(), Clock::system()).unwrap()
}

fn ca() -> Acme {
    ca_at("SANDBOX_ACME_DIRECTORY")
}

fn budget() -> Budget {
    Budget::uninterrupted(Duration::from_mins(1))
}

fn new_key() -> Arc<AccountKey> {
    Arc::new(AccountKey::from_pem(&AccountKey::generate().unwrap()).unwrap())
}

fn plain_account() -> NewAccount {
    NewAccount { contacts: vec!["mailto:ops@sandbox.test".to_owned()], terms_agreed: true, external: None }
}

async fn registered(ca: &Acme) -> Registered {
    let key = new_key();
    let account_url = ca.create_account(&key, &plain_account()).await.unwrap().url;
    Registered { key, account_url }
}

/// A name in the sandbox's zone that no other test uses.
fn own_name(label: &str) -> String {
    let number = aws_lc_rs_random();
    format!("{label}-{number:08x}.{}", sandbox("SANDBOX_ZONE_NAME"))
}

fn aws_lc_rs_random() -> u32 {
    use std::hash::{BuildHasher as _, RandomState};
    (RandomState::new().hash_one(0) & 0xffff_ffff) as u32
}

fn wish(names: &[&str]) -> Wish {
    Wish {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        common_name: None,
        key: LeafKey::New(KeyType::EcdsaP256),
        profile: None,
        replaces: None,
        preferred_root: None,
        must_staple: false,
        order_url: None,
    }
}

/// A journal that outlives a procedure, as a Secret in the cluster outlives a process.
#[derive(Default)]
struct Memory(Mutex<Option<Entry>>);

impl Journal for Memory {
    async fn load(&self, _: &Budget) -> Result<Option<Entry>, Explanation> {
        Ok(self.0.lock().unwrap().clone())
    }

    async fn save(&self, entry: &Entry, _: &Budget) -> Result<(), Explanation> {
        *self.0.lock().unwrap() = Some(entry.clone());
        Ok(())
    }

    async fn forget(&self, _: &Budget) -> Result<(), Explanation> {
        *self.0.lock().unwrap() = None;
        Ok(())
    }
}

/// A publisher that publishes nothing: the record never shows.
struct Nowhere;

impl Publisher for Nowhere {
    async fn publish(&self, _: &TxtRecord, _: &Budget) -> Result<(), Explanation> {
        Ok(())
    }

    async fn withdraw(&self, _: &TxtRecord, _: &Budget) -> Result<(), Explanation> {
        Ok(())
    }
}

struct Stage {
    ca: Acme,
    account: Registered,
    dns: Dns,
    publisher: Route53Publisher,
    journal: Memory,
}

impl Stage {
    async fn new() -> Self {
        let ca = ca();
        let account = registered(&ca).await;
        let dns = Dns::new(DnsSettings::default());
        let publisher = Route53Publisher::connect(sandbox("SANDBOX_ZONE_ID")).await;
        Self { ca, account, dns, publisher, journal: Memory::default() }
    }

    fn issuance<'a, P>(&'a self, publisher: &'a P) -> Issuance<'a, P, Memory> {
        Issuance {
            ca: &self.ca,
            account: &self.account,
            dns: &self.dns,
            follow_cname: true,
            publisher,
            journal: &self.journal,
        }
    }

    async fn issue(&self, wish: &Wish) -> Result<Issued, AcmeError> {
        self.issuance(&self.publisher).run(wish, &budget()).await
    }
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn the_directory_tells_profiles_terms_and_renewal_information() {
    let ca = ca();
    let directory = ca.directory().await.unwrap();
    assert!(directory.has_renewal_info());
    assert!(directory.meta.terms_of_service.is_some());
    assert!(directory.check_profile("shortlived").is_ok());
    assert!(matches!(directory.check_profile("none"), Err(AcmeError::Unsupported(_))));
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_ca_whose_root_is_not_trusted_is_told_with_the_attribute_to_set() {
    let ca =
        Acme::new(sandbox("SANDBOX_ACME_DIRECTORY"), &Trust::default(), &Network::default(), Clock::system()).unwrap();
    let told = ca.directory().await.unwrap_err().explain("Cannot read the CA's directory");
    assert_eq!((told.code(), told.attribute()), ("BERTH-ACME-001", Some("ca_file")));
    assert!(told.detail().contains("UnknownIssuer"), "{told}");
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn an_account_is_made_once_found_by_its_key_changed_and_deactivated() {
    let (ca, key) = (ca(), new_key());
    assert_eq!(ca.find_account(&key, None).await.unwrap(), Found::Nothing);
    let made = ca.create_account(&key, &plain_account()).await.unwrap();
    let again = ca.create_account(&key, &plain_account()).await.unwrap();
    assert_eq!(made.url, again.url);
    assert_eq!(ca.find_account(&key, None).await.unwrap(), Found::Account(made.clone()));

    let account = Registered { key, account_url: made.url };
    let contacts = ["mailto:new@sandbox.test".to_owned()];
    assert_eq!(
        ca.update_contacts(&account.key, &account.account_url, &contacts).await.unwrap().contacts.unwrap(),
        contacts
    );
    ca.deactivate_account(&account).await.unwrap();
    ca.deactivate_account(&account).await.unwrap();
    assert!(matches!(ca.find_account(&account.key, None).await.unwrap(), Found::Unusable(_)));
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn an_external_account_is_bound_where_the_ca_requires_it() {
    let (ca, key) = (ca_at("SANDBOX_ACME_EAB_DIRECTORY"), new_key());
    let refused = ca.create_account(&key, &plain_account()).await.unwrap_err();
    assert!(matches!(refused, AcmeError::ExternalAccountRequired(_)), "{refused}");
    let external = |hmac: String| {
        let external = ExternalAccount { key_id: sandbox("SANDBOX_ACME_EAB_KEY_ID"), hmac_key: Secret::new(hmac) };
        NewAccount { external: Some(external), ..plain_account() }
    };
    let wrong = ca.create_account(&key, &external("d3Jvbmcga2V5IHdyb25nIGtleSB3cm9uZyBrZXk".to_owned())).await;
    assert!(wrong.is_err(), "{wrong:?}");
    let made = ca.create_account(&key, &external(sandbox("SANDBOX_ACME_EAB_HMAC_KEY"))).await.unwrap();
    assert_eq!(made.status, "valid");
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_name_and_its_wildcard_become_one_certificate_and_leave_no_record() {
    let stage = Stage::new().await;
    let name = own_name("both");
    let issued = stage.issue(&wish(&[&name, &format!("*.{name}")])).await.unwrap();
    let facts = &issued.chain.facts;
    assert_eq!(facts.dns_names.len(), 2);
    assert_eq!(facts.matches_key(issued.key.as_ref().unwrap().expose()), Ok(true));
    assert_eq!(stage.publisher.values(&format!("_acme-challenge.{name}")).await, Vec::<String>::new());
    assert!(issued.left_behind.is_empty());
    assert!(stage.journal.0.lock().unwrap().is_some(), "the journal is kept until the certificate is stored");
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn every_key_type_and_profile_is_issued_as_asked() {
    let stage = Stage::new().await;
    for name in ["ecdsa-p384", "rsa-2048"] {
        let domain = own_name("kind");
        let wish = Wish { key: LeafKey::New(name.parse().unwrap()), ..wish(&[&domain]) };
        let issued = stage.issue(&wish).await.unwrap();
        let text = issued.key.unwrap();
        assert_eq!(issued.chain.facts.matches_key(text.expose()), Ok(true), "{name}");
    }
    let short = Wish { profile: Some("shortlived".to_owned()), ..wish(&[&own_name("short")]) };
    let facts = stage.issue(&short).await.unwrap().chain.facts;
    assert!(facts.not_after.duration_since(facts.not_before).as_hours() <= 6 * 24);
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_renewal_names_the_certificate_it_replaces_and_the_ca_tells_when() {
    let stage = Stage::new().await;
    let name = own_name("renew");
    let first = stage.issue(&wish(&[&name])).await.unwrap();
    let ari_id = first.chain.facts.ari_id.clone().unwrap();
    let info = stage.ca.renewal_info(&ari_id).await.unwrap().unwrap();
    assert!(info.window.end > info.window.start);
    assert!(info.retry_after.is_some());

    stage.journal.forget(&budget()).await.unwrap();
    let second = stage.issue(&Wish { replaces: Some(ari_id), ..wish(&[&name]) }).await.unwrap();
    assert_ne!(first.chain.facts.serial_number, second.chain.facts.serial_number);
    assert_ne!(first.chain.facts.public_key, second.chain.facts.public_key);
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_killed_run_is_resumed_and_its_certificate_not_ordered_again() {
    let stage = Stage::new().await;
    let wish = wish(&[&own_name("resume")]);
    let first = stage.issue(&wish).await.unwrap();
    // As if the process had died before the certificate was stored: the journal is still there.
    let again = stage.issue(&wish).await.unwrap();
    assert_eq!(first.order_url, again.order_url);
    assert_eq!(first.chain, again.chain);
    assert_eq!(first.key, again.key);
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn an_interrupt_removes_the_record_and_keeps_the_order_for_the_next_run() {
    let stage = Stage::new().await;
    let name = own_name("interrupt");
    let stop = CancellationToken::new();
    let interrupted = Budget::new(Duration::from_mins(1), stop.clone());
    let wish = wish(&[&name]);
    let issuance = stage.issuance(&stage.publisher);
    let record = format!("_acme-challenge.{name}");
    let watch = async {
        while stage.publisher.values(&record).await.is_empty() {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    let (outcome, ()) = tokio::join!(issuance.run(&wish, &interrupted), watch);
    assert!(outcome.is_err());
    assert_eq!(stage.publisher.values(&record).await, Vec::<String>::new());
    let order_url = stage.journal.0.lock().unwrap().clone().unwrap().order_url;
    assert_eq!(stage.issue(&wish).await.unwrap().order_url, order_url);
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_record_that_never_shows_is_told_with_what_each_server_answered() {
    let stage = Stage::new().await;
    let name = own_name("nowhere");
    let short = Budget::uninterrupted(Duration::from_secs(3));
    let error = stage.issuance(&Nowhere).run(&wish(&[&name]), &short).await.unwrap_err();
    let AcmeError::Dns(DnsError::NotVisible { stopped: Stopped::Deadline, answers, .. }) = &error else {
        panic!("{error:?}")
    };
    assert!(!answers.is_empty());
    let told = error.explain("Cannot issue the certificate");
    assert_eq!(told.code(), "BERTH-DNS-006");
    assert!(told.detail().contains("no such record"), "{told}");
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_wrong_answer_is_told_with_the_cas_words_for_each_name() {
    let stage = Stage::new().await;
    let name = own_name("unchecked");
    let blind = Dns::new(DnsSettings { check: Check::None, ..DnsSettings::default() });
    let issuance = Issuance { dns: &blind, ..stage.issuance(&Nowhere) };
    let error = issuance.run(&wish(&[&name]), &budget()).await.unwrap_err();
    let AcmeError::Validation { failures, .. } = &error else { panic!("{error:?}") };
    assert_eq!(failures[0].identifier, name);
    assert_eq!(error.explain("Cannot issue").code(), "BERTH-ACME-012");
    assert!(stage.journal.0.lock().unwrap().is_none(), "a dead order is forgotten");
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_name_that_the_ca_rejects_is_named() {
    let stage = Stage::new().await;
    let error = stage.issue(&wish(&[&sandbox("SANDBOX_ACME_BLOCKED_NAME")])).await.unwrap_err();
    assert!(matches!(error, AcmeError::RejectedIdentifier(_)), "{error:?}");
    let told = error.explain("Cannot issue");
    assert_eq!((told.code(), told.attribute()), ("BERTH-ACME-006", Some("dns_names")));
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn the_challenge_follows_a_cname_to_another_name() {
    let stage = Stage::new().await;
    let name = own_name("delegated");
    let target = own_name("target");
    stage.publisher.cname(&format!("_acme-challenge.{name}"), &target).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let chain = stage.dns.challenge_chain(&format!("*.{name}"), &budget()).await.unwrap();
    assert_eq!(chain, [format!("_acme-challenge.{name}"), target.clone()]);
    stage.issue(&wish(&[&format!("*.{name}")])).await.unwrap();
    assert_eq!(stage.publisher.values(&target).await, Vec::<String>::new());
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_network_that_lets_no_dns_out_asks_its_own_resolvers() {
    let stage = Stage::new().await;
    let resolvers = vec![parse_resolver(&sandbox("SANDBOX_DNS_SERVER")).unwrap()];
    let dns = Dns::new(DnsSettings { resolvers, check: Check::Recursive });
    let issuance = Issuance { dns: &dns, ..stage.issuance(&stage.publisher) };
    issuance.run(&wish(&[&own_name("recursive")]), &budget()).await.unwrap();
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_zone_that_does_not_exist_is_told() {
    let dns = Dns::new(DnsSettings::default());
    let error = dns.zone_of("a.nowhere.invalid-top", &budget()).await.unwrap_err();
    assert_eq!(error, DnsError::NoZone("a.nowhere.invalid-top".to_owned()));
    let zone = dns.zone_of(&sandbox("SANDBOX_CHILD_ZONE_NAME"), &budget()).await.unwrap();
    assert_eq!(zone.name, sandbox("SANDBOX_CHILD_ZONE_NAME"));
    assert!(zone.servers.iter().all(|server| !server.addresses.is_empty()));
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_preferred_chain_is_taken_when_the_ca_offers_it() {
    let ca = ca_at("SANDBOX_ACME_ALTERNATE_DIRECTORY");
    let account = registered(&ca).await;
    let stage = Stage { ca, account, ..Stage::new().await };
    let plain = stage.issue(&wish(&[&own_name("chain")])).await.unwrap().chain;
    stage.journal.forget(&budget()).await.unwrap();
    let roots = sandbox("SANDBOX_ACME_ALTERNATE_ROOT_FILES");
    let root = |path: &str| berth::domain::certificate::Chain::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
    let other = roots.split(':').map(root).find(|chain| chain.root_name != plain.root_name).unwrap();
    let wish = Wish { preferred_root: Some(other.root_name.clone()), ..wish(&[&own_name("chain")]) };
    assert_eq!(stage.issue(&wish).await.unwrap().chain.root_name, other.root_name);
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_certificate_can_be_revoked_and_revoked_again() {
    let stage = Stage::new().await;
    let issued = stage.issue(&wish(&[&own_name("revoke")])).await.unwrap();
    let der = issued.chain.leaf_der().unwrap();
    for _ in 0..2 {
        stage.ca.revoke(&stage.account, &der, RevocationReason::Superseded).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn an_order_of_another_account_cannot_be_resumed() {
    let (ca, name) = (ca(), own_name("foreign"));
    let spec = OrderSpec { names: vec![name], profile: None, replaces: None };
    let (mine, theirs) = (registered(&ca).await, registered(&ca).await);
    let order = ca.new_order(&mine, &spec).await.unwrap();
    assert_eq!(order.status(), Status::Pending);
    let refused = ca.resume_order(&theirs, order.url()).await.err().unwrap();
    assert!(matches!(refused, AcmeError::Unauthorized(_)), "{refused:?}");
}

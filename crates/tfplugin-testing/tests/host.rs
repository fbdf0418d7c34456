//! The host in the process, over a provider whose disks lie in memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tfplugin::{
    About, Catalogue, Computed, Cx, Data, Env, Explanation, Import, Meta, Model, Provider, Resource, Result, Secret,
    Settings, Value, check,
};
use tfplugin_testing::{Host, Instance};

const ABOUT: About = About { name: "memory", version: "0.1.0", source: "test/memory", codes: "MEMORY", commands: &[] };

/// What is stored: by name, the size and how long the key is.
type Stored = Arc<Mutex<BTreeMap<String, (i64, usize)>>>;

#[derive(Clone, Debug, Model)]
struct Config {
    /// What does not fit any more.
    most: Option<i64>,
}

struct Memory(Option<i64>);

impl Provider for Memory {
    type Config = Config;
    const DESCRIPTION: &'static str = "Keeps disks in memory.";

    fn configure(settings: Settings<Config>, _env: &Env) -> Result<Self> {
        Ok(Self(settings.model.most))
    }
}

#[derive(Clone, Debug, Model)]
struct Disk {
    /// The name.
    #[attr(replace)]
    name: String,
    /// How large it is.
    #[attr(default = 1, check = check::range(1, 100))]
    size: i64,
    /// Its key.
    #[attr(write_only)]
    key_wo: Option<Secret>,
    /// Where it is.
    #[attr(keep)]
    path: Computed<String>,
}

struct Disks(Stored);

impl Disks {
    fn put(&self, cx: &Cx<Memory>, disk: &Disk) -> Result<()> {
        let key = disk.key_wo.as_ref().map_or(0, |key| key.expose().len());
        self.0.lock().unwrap().insert(disk.name.clone(), (disk.size, key));
        if cx.provider().0.is_some_and(|most| disk.size > most) {
            return Err(Explanation::new("MEMORY-001", "There is no more room").at("size"));
        }
        Ok(())
    }
}

impl Resource<Memory> for Disks {
    type Model = Disk;
    const NAME: &'static str = "memory_disk";
    const META: Meta = Meta { import_id: "NAME", ..Meta::new("Disks", "A disk.") };

    async fn create(&self, cx: &Cx<Memory>, disk: &mut Disk) -> Result<()> {
        disk.path.set(format!("/dev/{}", disk.name));
        cx.remember("made", &disk.name);
        cx.exists();
        self.put(cx, disk)
    }

    async fn read(&self, _cx: &Cx<Memory>, disk: Disk) -> Result<Option<Disk>> {
        let found = self.0.lock().unwrap().get(&disk.name).copied();
        Ok(found.map(|(size, _)| Disk { size, ..disk }))
    }

    async fn update(&self, cx: &Cx<Memory>, _prior: &Disk, disk: &mut Disk) -> Result<()> {
        self.put(cx, disk)
    }

    async fn delete(&self, cx: &Cx<Memory>, disk: Disk) -> Result<()> {
        // What a replaced object remembered reaches its destroy; hosts hand none of a tainted one.
        let made = cx.recall::<String>("made");
        assert!(made.is_none() || made.as_ref() == Some(&disk.name), "{made:?}");
        self.0.lock().unwrap().remove(&disk.name);
        Ok(())
    }

    async fn import(&self, cx: &Cx<Memory>, id: &str) -> Result<Import<Disk>> {
        cx.remember("made", &id);
        let path = format!("/dev/{id}").into();
        Ok(Import(Disk { name: id.to_owned(), size: 1, key_wo: None, path }))
    }
}

#[derive(Clone, Debug, Model)]
struct Count {
    /// How many disks there are.
    disks: Computed<i64>,
}

struct Counts(Stored);

impl Data<Memory> for Counts {
    type Model = Count;
    const NAME: &'static str = "memory_count";
    const META: Meta = Meta::new("Disks", "How many disks there are.");

    async fn read(&self, _cx: &Cx<Memory>, count: &mut Count) -> Result<()> {
        count.disks.set(i64::try_from(self.0.lock().unwrap().len()).unwrap());
        Ok(())
    }
}

async fn host(most: i64) -> (Host<Memory>, Stored) {
    let stored = Stored::default();
    let catalogue = Catalogue::default().resource(Disks(stored.clone())).data(Counts(stored.clone()));
    (Host::new(ABOUT, catalogue, &Value::object([("most", most.into())])).await.unwrap(), stored)
}

fn disk(name: &str, size: i64) -> Value {
    Value::object([("name", Value::from(name)), ("size", size.into()), ("key_wo", "hunter2".into())])
}

const TYPE: &str = "memory_disk";

#[tokio::test]
async fn an_object_is_made_changed_replaced_and_removed() {
    let (host, stored) = host(100).await;
    let mut object = Instance::none();
    let named = Value::object([("name", Value::from("a"))]);
    let planned = host.plan(TYPE, &object, &named).await.unwrap();
    assert!(planned.state.member("path").is_unknown() && planned.state.member("size") == &1.into(), "{planned:?}");
    host.apply(TYPE, &mut object, &named).await.unwrap();
    assert_eq!(object.state.member("path").as_str(), Some("/dev/a"));
    assert_eq!(host.plan(TYPE, &object, &named).await.unwrap().state, object.state, "nothing changes");

    host.apply(TYPE, &mut object, &disk("a", 7)).await.unwrap();
    assert_eq!(stored.lock().unwrap()["a"], (7, 7), "the key is given");
    assert!(object.state.member("key_wo").is_null(), "and not stored");
    assert!(host.plan(TYPE, &object, &disk("b", 7)).await.unwrap().replaces);
    host.apply(TYPE, &mut object, &disk("b", 7)).await.unwrap();
    assert_eq!(stored.lock().unwrap().keys().collect::<Vec<_>>(), ["b"]);
    assert_eq!(host.data("memory_count", &Value::Null).await.unwrap().member("disks"), &1.into());

    host.destroy(TYPE, &mut object).await.unwrap();
    assert!(!object.exists() && stored.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_failed_half_way_is_tainted_and_made_anew() {
    let (host, stored) = host(5).await;
    let mut object = Instance::none();
    let told = host.apply(TYPE, &mut object, &disk("a", 6)).await.unwrap_err();
    assert_eq!((told.len(), told[0].code()), (1, "MEMORY-001"));
    assert!(object.exists() && object.tainted);
    host.apply(TYPE, &mut object, &disk("a", 5)).await.unwrap();
    assert!(!object.tainted && stored.lock().unwrap()["a"].0 == 5);
    host.apply(TYPE, &mut object, &disk("a", 6)).await.unwrap_err();
    assert!(!object.tainted, "an update taints nothing");
}

#[tokio::test]
async fn what_is_wrong_is_told_before_anything_is_done() {
    let (host, stored) = host(100).await;
    let told = host.apply(TYPE, &mut Instance::none(), &disk("a", 101)).await.unwrap_err();
    assert_eq!(told[0].code(), "MEMORY-SDK-010");
    assert!(stored.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_changed_or_went_elsewhere_is_seen() {
    let (host, stored) = host(100).await;
    stored.lock().unwrap().insert("a".to_owned(), (9, 0));
    let mut object = host.import(TYPE, "a").await.unwrap();
    assert_eq!(object.state.member("size"), &9.into());
    stored.lock().unwrap().clear();
    host.read(TYPE, &mut object).await.unwrap();
    assert!(!object.exists());
}

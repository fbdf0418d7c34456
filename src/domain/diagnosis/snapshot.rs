//! What the cluster and the world outside answered, as plain data: no secret is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::dns::caa::Caa;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::rollout::Event;

use super::reduced::reduced;

pub use crate::domain::kubernetes::text;

/// What was asked for an object, and what came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen<'a> {
    /// It exists.
    Found(&'a Value),
    /// It does not.
    Absent,
    /// It could not be read, and why.
    Unread(&'a str),
    /// Nobody asked.
    NotAsked,
}

impl<'a> Seen<'a> {
    /// The object, if it was read.
    pub fn found(self) -> Option<&'a Value> {
        match self {
            Self::Found(object) => Some(object),
            Self::Absent | Self::Unread(_) | Self::NotAsked => None,
        }
    }

    /// Whether it is known not to exist.
    pub fn is_absent(self) -> bool {
        self == Self::Absent
    }
}

/// An answer of the world outside, or why there was none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer<T> {
    /// The answer.
    Told(T),
    /// Who was asked did not answer, or not usably.
    Failed(String),
}

impl<T> Answer<T> {
    /// The answer, if there was one.
    pub fn told(&self) -> Option<&T> {
        match self {
            Self::Told(answer) => Some(answer),
            Self::Failed(_) => None,
        }
    }
}

/// What DNS has of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameAnswer {
    /// The addresses at the zone's own servers, IPv4 first.
    pub own: Vec<String>,
    /// The addresses as this machine's resolver has them.
    pub resolved: Vec<String>,
}

/// A visit to the address of a challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visited {
    /// Whether the right answer came.
    pub is_right: bool,
    /// Whether anybody answered.
    pub is_answered: bool,
    /// What came, in words.
    pub words: String,
}

/// The TXT records of a challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TxtAnswer {
    /// Whether no server that answered lacks the value.
    pub is_right: bool,
    /// What they have, in words.
    pub words: String,
}

/// The CAA records that decide for a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaaAnswer {
    /// The name that has them; empty if none has.
    pub at: String,
    /// The records: flags, tag, value.
    pub records: Vec<(u8, String, String)>,
}

impl CaaAnswer {
    /// The records as the rules want them.
    pub fn set(&self) -> Vec<Caa> {
        let record =
            |(flags, tag, value): &(u8, String, String)| Caa { flags: *flags, tag: tag.clone(), value: value.clone() };
        self.records.iter().map(record).collect()
    }
}

/// What a CA says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    /// Its names in CAA records.
    pub caa_identities: Vec<String>,
    /// Whether accounts need a binding.
    pub external_account_required: bool,
}

/// A certificate that a server presents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presented {
    /// Who issued it.
    pub issuer: String,
    /// Whom it is for.
    pub subject: String,
    /// Its names.
    pub names: Vec<String>,
    /// Its first moment, RFC 3339.
    pub not_before: String,
    /// Its last moment, RFC 3339.
    pub not_after: String,
    /// Whether an ingress controller serves it for want of another.
    pub is_placeholder: bool,
}

/// What a login came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoginAnswer {
    /// It is accepted.
    Accepted,
    /// It is not.
    Refused,
    /// It is, and may not do this.
    Denied,
    /// It could not be tried.
    Untried,
}

/// A login that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginProbe {
    /// The Secret that it stands in, `NAMESPACE/NAME`, or what else gave it.
    pub from: String,
    /// The key under `auths`.
    pub key: String,
    /// The user.
    pub username: String,
    /// The outcome.
    pub answer: LoginAnswer,
    /// The registry's words.
    pub words: String,
}

/// What a registry answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryAnswer {
    /// The certificate that it presents, or why there was none.
    pub certificate: Option<Presented>,
    /// What is wrong with it, for this machine's clients: `issuer`, `name`, `time` or `other`.
    pub flaw: Option<String>,
    /// Why it was not reached: `name`, `connection`, `tls` or `other`.
    pub unreached: Option<String>,
    /// The words for either.
    pub fault: Option<String>,
    /// The status of `/v2/` without a login.
    pub status: Option<u16>,
    /// Whether it says that it is a registry.
    pub is_registry: bool,
    /// Where tokens come from, if they do.
    pub realm: Option<String>,
    /// Why the realm does not answer.
    pub realm_fault: Option<String>,
    /// The logins that were tried.
    pub logins: Vec<LoginProbe>,
}

/// All that was seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// The moment, RFC 3339.
    pub now: String,
    /// Every object, whatever its kind; Secrets without what is secret.
    pub objects: Vec<Value>,
    /// Objects that do not exist, as [`ObjectRef`] writes them.
    pub absent: BTreeSet<String>,
    /// What was listed to the end: `KIND NAMESPACE`, or `KIND` for all of the cluster.
    pub listed: BTreeSet<String>,
    /// What could not be read, and why.
    pub unread: BTreeMap<String, String>,
    /// The telling lines of logs, by `NAMESPACE/POD CONTAINER`.
    pub logs: BTreeMap<String, Vec<String>>,
    /// Names in DNS.
    pub names: BTreeMap<String, Answer<NameAnswer>>,
    /// Visits, by URL.
    pub visits: BTreeMap<String, Visited>,
    /// TXT records of challenges, by domain.
    pub txt: BTreeMap<String, Answer<TxtAnswer>>,
    /// CAA records, by domain.
    pub caa: BTreeMap<String, Answer<CaaAnswer>>,
    /// Directories of CAs, by URL.
    pub directories: BTreeMap<String, Answer<Directory>>,
    /// Registries, by host and port.
    pub registries: BTreeMap<String, RegistryAnswer>,
}

impl Snapshot {
    /// Looks an object up.
    pub fn get(&self, object: &ObjectRef) -> Seen<'_> {
        let same = |it: &&Value| {
            text(it, "/metadata/name") == Some(&object.name)
                && ObjectRef::of(it).is_some_and(|it| {
                    it.kind == object.kind && it.namespace == object.namespace && it.group() == object.group()
                })
        };
        if let Some(found) = self.objects.iter().find(same) {
            return Seen::Found(found);
        }
        let (name, place) = (object.to_string(), place(&object.kind, object.namespace.as_deref()));
        if self.absent.contains(&name) {
            return Seen::Absent;
        }
        if let Some(why) = self.unread.get(&name) {
            return Seen::Unread(why);
        }
        if self.is_listed(&object.kind, object.namespace.as_deref()) {
            return Seen::Absent;
        }
        self.unread.get(&place).map_or(Seen::NotAsked, |why| Seen::Unread(why))
    }

    /// All objects of a kind that were seen, in a namespace or in all.
    pub fn all<'a>(&'a self, kind: &'a str, namespace: Option<&'a str>) -> impl Iterator<Item = &'a Value> {
        self.objects.iter().filter(move |it| {
            it.get("kind").and_then(Value::as_str) == Some(kind)
                && namespace.is_none_or(|wanted| text(it, "/metadata/namespace") == Some(wanted))
        })
    }

    /// Whether the kind was listed to the end in that namespace.
    pub fn is_listed(&self, kind: &str, namespace: Option<&str>) -> bool {
        self.listed.contains(&place(kind, namespace)) || self.listed.contains(kind)
    }

    /// The events about an object, oldest first; those of an earlier one of the name are not.
    pub fn events(&self, object: &ObjectRef) -> Vec<Event> {
        let own = self.get(object).found().and_then(|it| text(it, "/metadata/uid"));
        let about = |event: &&Value| {
            text(event, "/involvedObject/name") == Some(&object.name)
                && text(event, "/involvedObject/kind") == Some(&object.kind)
                && own.is_none_or(|own| text(event, "/involvedObject/uid").is_none_or(|uid| uid == own))
        };
        let mut events: Vec<Event> = self
            .all("Event", object.namespace.as_deref())
            .filter(about)
            .filter_map(|event| serde_json::from_value(event.clone()).ok())
            .collect();
        events.sort_by(|one, other| one.last_timestamp.cmp(&other.last_timestamp));
        events
    }

    /// Adds an object, once.
    pub fn add(&mut self, mut object: Value) {
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
        if !self.objects.iter().any(|it| is_same(it, &object)) {
            self.objects.push(reduced(object));
        }
    }

    /// All that was seen in both.
    pub fn merge(&mut self, other: Self) {
        let Self { now: _, objects, absent, listed, unread, logs, names, visits, txt, caa, directories, registries } =
            other;
        for object in objects {
            self.add(object);
        }
        self.absent.extend(absent);
        self.listed.extend(listed);
        self.unread.extend(unread);
        self.logs.extend(logs);
        self.names.extend(names);
        self.visits.extend(visits);
        self.txt.extend(txt);
        self.caa.extend(caa);
        self.directories.extend(directories);
        self.registries.extend(registries);
    }
}

/// Whether both are the same object: the name first, which tells most apart.
fn is_same(one: &Value, other: &Value) -> bool {
    let places = ["/metadata/name", "/metadata/namespace", "/kind", "/apiVersion"];
    places.iter().all(|place| one.pointer(place) == other.pointer(place))
}

/// How a place that was listed is called.
pub fn place(kind: &str, namespace: Option<&str>) -> String {
    namespace.map_or_else(|| kind.to_owned(), |namespace| format!("{kind} {namespace}"))
}

impl fmt::Display for LoginAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Denied => "denied",
            Self::Untried => "not tried",
        })
    }
}

//! The objects that texts declare, each in its place.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest::{self, Item, Mistake, Phase, Scope, Scopes, confidential, phase};
use crate::explain::Explanation;
use crate::sdk::Secret;
use crate::secret::{learn, learn_named};

/// One object that is to be declared.
#[derive(Clone, Debug)]
pub struct Part {
    /// Which.
    pub object: ObjectRef,
    /// How it is to be.
    pub manifest: Value,
    /// Whether its values may be in no state.
    pub is_secret: bool,
}

/// One of the two texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The one that is stored.
    Open,
    /// The one that is not.
    Secret,
}

/// The items of both texts.
#[derive(Clone, Debug, Default)]
pub struct Content {
    open: Vec<Item>,
    secret: Vec<Item>,
    namespace: String,
}

impl Content {
    /// Reads both texts.
    ///
    /// # Errors
    /// A mistake, and the text that has it.
    pub fn read(open: Option<&str>, secret: Option<&Secret>, namespace: &str) -> Result<Self, (Mistake, Source)> {
        let open = manifest::items(open.unwrap_or_default()).map_err(|mistake| (mistake, Source::Open))?;
        let secret = secret.map_or("", Secret::expose);
        let secret = manifest::items(secret).map_err(|mistake| (mistake, Source::Secret))?;
        learn_all(&open, &secret, namespace);
        let content = Self { open, secret, namespace: namespace.to_owned() };
        manifest::distinct(&content.open, namespace).map_err(|mistake| (mistake, Source::Open))?;
        manifest::distinct(content.items(), namespace).map_err(|mistake| (mistake, Source::Secret))?;
        Ok(content)
    }

    /// What was read already; documents without a namespace belong to `namespace`.
    pub fn of(open: Vec<Item>, namespace: &str) -> Self {
        Self { open, secret: Vec::new(), namespace: namespace.to_owned() }
    }

    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty() && self.secret.is_empty()
    }

    /// The documents of the text that is stored.
    pub fn open(&self) -> &[Item] {
        &self.open
    }

    fn items(&self) -> impl Iterator<Item = &Item> {
        self.open.iter().chain(&self.secret)
    }

    /// The kinds (group and version, kind).
    pub fn kinds(&self) -> BTreeSet<(String, String)> {
        let kinds = self.items().map(Item::reference).map(|object| (object.api_version, object.kind));
        kinds.collect()
    }

    /// What the definitions in the text say.
    pub fn scopes(&self) -> Scopes {
        Scopes::of(self.items())
    }

    /// The objects in their order, as far as `scope` knows where each belongs; `None` if it does not know one.
    pub fn parts(&self, scope: impl Fn(&ObjectRef) -> Option<Scope>) -> Option<Vec<Part>> {
        let open = self.open.iter().map(|item| (item, false));
        let all = open.chain(self.secret.iter().map(|item| (item, true)));
        let placed = all.map(|(item, is_secret)| {
            let manifest = item.placed(scope(&item.reference())?, &self.namespace);
            Some(Part { object: ObjectRef::of(&manifest)?, manifest, is_secret })
        });
        let mut parts: Vec<Part> = placed.collect::<Option<_>>()?;
        parts.sort_by(|one, other| {
            let rank = |part: &Part| (phase(&part.object), part.object.clone());
            rank(one).cmp(&rank(other))
        });
        Some(parts)
    }
}

/// The parts of one step.
pub fn of_phase(parts: &[Part], wanted: Phase) -> impl Iterator<Item = &Part> {
    parts.iter().filter(move |part| phase(&part.object) == wanted)
}

/// Takes out of all messages what is not stored, and of the rest what its name calls a secret: the API server, events and the
/// logs of containers repeat it.
fn learn_all(open: &[Item], secret: &[Item], namespace: &str) {
    let mut names = BTreeSet::from([namespace]);
    open.iter().chain(secret).for_each(|item| confidential::names(&item.object, &mut names));
    let mut take = |found: confidential::Found<'_>| {
        if found.is_secret { learn(found.text) } else { learn_named(found.name, found.text) }
    };
    for item in open {
        confidential::each_named(&item.object, &mut take);
    }
    for item in secret {
        learn_content(item);
        confidential::each_secret(&item.object, &names, &mut take);
    }
}

/// Content of a Secret, in both of its forms.
fn learn_content(item: &Item) {
    use base64::Engine as _;
    let values = item.object.get("data").and_then(Value::as_object).into_iter().flatten();
    for text in values.filter_map(|(_, value)| value.as_str()).filter(|_| item.has_secret_data()) {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default();
        if let Ok(plain) = String::from_utf8(bytes) {
            learn(&plain);
        }
        learn(text);
    }
}

/// What is wrong with a text, at its attribute.
pub fn told(mistake: &Mistake, what: &str, attribute: &str) -> Explanation {
    let words = if attribute.ends_with("_wo") {
        format!("`{attribute}`, {}", mistake.told_without_quoting())
    } else {
        mistake.told()
    };
    let (code, next) = match mistake {
        Mistake::Unreadable(_) => ("BERTH-K8S-081", "correct the text there"),
        Mistake::NoObject { .. } => ("BERTH-K8S-082", "correct the document there"),
        Mistake::Twice { .. } => ("BERTH-K8S-083", "take one of the two out: an object is declared once"),
    };
    Explanation::new(code, format!("{what}: {words}")).next(next).at(attribute)
}

//! What a user declares of a manifest.

use crate::domain::kubernetes::{FIELD_MANAGER, ObjectRef};
use crate::domain::manifest::{self, path};
use crate::explain::Explanation;
use crate::provider::checks::{label, subdomain};
use crate::resources::objects::content::{Content, Source, told};
use crate::resources::objects::{Adoption, ApplySet, Kept, Namespaces, Wish, Wishes};
use crate::sdk::{Check, Computed, Model, Secret, Set, Timeouts, Value, check};

use super::APPLICATION;

/// The kinds of which a destroy takes nothing away, unless it is told otherwise: all objects of a kind go with its
/// definition, and data with its claim.
const KEPT: [&str; 2] = ["CustomResourceDefinition", "PersistentVolumeClaim"];

/// A manifest's configuration and state.
#[derive(Clone, Debug, Model)]
pub struct Declared {
    /// One or many documents of YAML or JSON, each an object or a list of objects; `file("…")`, `templatefile(…)` and
    /// `join("\n---\n", …)` fit. It is read as by kubectl (YAML 1.1: `yes` is true, `0777` is octal), but a key that stands
    /// twice is refused. What the API server writes itself (`status`, `metadata.uid` and its like) is left out. Another form or
    /// order of the same objects, and comments, are no change. It is stored in the state, so content of Secrets is refused
    /// here: see `secrets_yaml_wo`.
    #[attr(equal = same_text)]
    pub yaml: Option<String>,
    /// More documents, which are not stored: those with content of Secrets. Which objects they declare is stored, and which
    /// fields, but not their values.
    #[attr(write_only)]
    pub secrets_yaml_wo: Option<Secret>,
    /// A number to change whenever `secrets_yaml_wo` changes.
    pub secrets_yaml_wo_version: Option<i64>,
    /// The namespace of objects that name none and need one. A change moves them: they are made there, and deleted where they
    /// were. Default `default`.
    #[attr(default = "default", check = label())]
    pub namespace: String,
    /// Under whose name the fields are owned (server-side apply's field manager). A change hands them over. Default `berth`.
    #[attr(default = FIELD_MANAGER, check = check::length(1, 128))]
    pub field_manager: String,
    /// Whether fields are taken that another manager owns with another value. Without it the apply is refused there, and the
    /// message names the manager and the field; what was ours and was changed by hand is set back in any case. Default `false`.
    #[attr(default = false)]
    pub force_conflicts: bool,
    /// Whether objects are taken over that exist already and bear no mark of berth, and of a `moved` or changed state those
    /// that lost it. They are deleted by a destroy as any other. Default `false`.
    #[attr(default = false)]
    pub adopt: bool,
    /// Whether an apply waits until what it has written works: Deployments, `StatefulSets` and `DaemonSets` are rolled out, Jobs
    /// complete, Pods ready, definitions established, aggregated APIs available. A new manifest whose wait fails stays as it
    /// is, with a warning, and the next apply goes on. Default `true`.
    #[attr(default = true)]
    pub wait: bool,
    /// What is waited for beside that.
    pub wait_for: Option<Vec<WaitFor>>,
    /// Kinds that are deleted before all others, in this order. The rest goes in the reverse of the order in which it came.
    pub delete_order: Option<Vec<String>>,
    /// Kinds of which nothing is deleted, be it by a destroy or because it left the text: with the definition of a kind all
    /// its objects would go, and with a claim its data. What is kept is free for whoever declares it next. `[]` keeps nothing.
    /// Default `["CustomResourceDefinition", "PersistentVolumeClaim"]`.
    #[attr(default = Value::set(KEPT.map(Value::from).to_vec()))]
    pub keep: Set<String>,
    /// The objects, in the order in which they are written: `apps/v1/Deployment/NAMESPACE/NAME`, `v1/Namespace/NAME`.
    pub objects: Computed<Vec<String>>,
    /// What differs in the cluster from what is declared here, a sentence each. Empty after an apply; what a refresh finds,
    /// the next apply sets right. It quotes both, also where a value of `yaml` was sensitive: what nobody may see belongs into
    /// `secrets_yaml_wo`, of which nothing is quoted. A Job that its `ttlSecondsAfterFinished` takes away is a difference too.
    pub drift: Computed<Vec<String>>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// What is waited for.
#[derive(Clone, Debug, Model)]
pub struct WaitFor {
    /// The kind of objects of this manifest, such as `Ingress`.
    #[attr(check = check::length(1, 63))]
    pub kind: String,
    /// The object's name; all of the kind if absent.
    #[attr(check = subdomain())]
    pub name: Option<String>,
    /// The object's namespace; any if absent.
    #[attr(check = label())]
    pub namespace: Option<String>,
    /// A condition that is to be true, such as `Ready`; `Ready=False` for another status.
    #[attr(check = condition())]
    pub condition: Option<String>,
    /// A field that is to have a value.
    pub field: Option<WaitForField>,
    /// Whether an Ingress, Service or Gateway is to have an address. Default `false`.
    #[attr(default = false)]
    pub address: bool,
}

/// A field with a value.
#[derive(Clone, Debug, Model)]
pub struct WaitForField {
    /// Where it stands: `status.phase`, `status.conditions[0].type`, and a name with dots as
    /// `metadata.labels['app.kubernetes.io/name']` or `metadata.labels.app\.kubernetes\.io/name`.
    #[attr(check = field_path())]
    pub path: String,
    /// Its value, as text.
    pub value: String,
}

fn field_path() -> Check {
    check::text("must be the path of a field, such as `status.conditions[0].type`", |text| {
        if text.len() <= 512 && path::Path::parse(text).is_some() {
            Ok(())
        } else {
            Err(format!("must be {}", path::FORM))
        }
    })
}

fn condition() -> Check {
    check::text("must be the type of a condition, such as `Ready` or `Ready=False`", |text| {
        let (kind, status) = text.split_once('=').unwrap_or((text, "True"));
        if kind.is_empty() || status.is_empty() { Err("must name a condition".to_owned()) } else { Ok(()) }
    })
}

fn same_text(one: &Value, other: &Value) -> bool {
    matches!((one.as_str(), other.as_str()), (Some(one), Some(other)) if manifest::is_same(one, other))
}

/// The attribute at which failures are told.
pub const TEXT: &str = "yaml";

const WHAT_IS_KEPT: &str = "nothing needs to be done; whoever declares them next may have them. To delete them as well, take their \
                            kinds out of `keep` and apply before the destroy, or use `kubectl delete`";

/// The attribute that a text stands in.
pub const fn attribute(source: Source) -> &'static str {
    match source {
        Source::Open => TEXT,
        Source::Secret => "secrets_yaml_wo",
    }
}

impl Declared {
    /// The objects that the state has.
    pub fn inventory(&self) -> Vec<ObjectRef> {
        self.objects.get().into_iter().flatten().filter_map(|id| manifest::of_id(id)).collect()
    }

    /// Reads what it declares.
    ///
    /// # Errors
    /// A text has a mistake.
    pub fn content(&self, what: &str) -> Result<Content, Explanation> {
        Content::read(self.yaml.as_deref(), self.secrets_yaml_wo.as_ref(), &self.namespace)
            .map_err(|(mistake, source)| told(&mistake, what, attribute(source)))
    }

    /// Its objects, and how they are treated.
    pub fn set(&self) -> ApplySet {
        ApplySet {
            application: APPLICATION,
            whole: "the manifest",
            attribute: TEXT,
            manager: self.field_manager.clone(),
            force: self.force_conflicts,
            adoption: Adoption::of(self.adopt),
            waits: self.wait,
            prunes_late: false,
            wishes: self.wait_for.iter().flatten().map(WaitFor::wishes).collect(),
            kept: Kept {
                kinds: self.keep.0.clone(),
                first: self.delete_order.clone().unwrap_or_default(),
                advice: WHAT_IS_KEPT,
            },
            residue: None,
            lead: <[ObjectRef]>::first,
            namespaces: Namespaces::Own,
            objects: self.inventory(),
            drift: self.drift.get().cloned().unwrap_or_default(),
        }
    }

    /// Notes what has become of them.
    pub fn absorb(&mut self, set: ApplySet) {
        self.objects.set(set.objects.iter().map(manifest::id).collect::<Vec<_>>());
        self.drift.set(set.drift);
    }
}

impl WaitFor {
    /// What is waited for, and where.
    pub fn wishes(&self) -> Wishes {
        let condition = self.condition.as_ref().map(|condition| {
            let (kind, status) = condition.split_once('=').unwrap_or((condition, "True"));
            Wish::Condition(kind.to_owned(), status.to_owned())
        });
        let field = self.field.as_ref().map(|field| Wish::Field(field.path.clone(), field.value.clone()));
        Wishes {
            kind: self.kind.clone(),
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            all: condition.into_iter().chain(field).chain(self.address.then_some(Wish::Address)).collect(),
        }
    }
}

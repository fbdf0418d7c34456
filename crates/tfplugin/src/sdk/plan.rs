//! A plan in the making, as the plan hook of a resource sees it.

use super::{Diagnostics, Explanation, Model, Path, Private, Schema, Seen, Value, View, differ_at_most_in_timeouts};

/// What Terraform is about to do to one resource (`ModifyPlan` and plan modifiers in HashiCorp's framework). The engine has applied defaults and marked
/// computed values unknown before the hook runs.
pub struct Plan<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) config: Value,
    pub(crate) prior: Option<Value>,
    pub(crate) planned: Value,
    pub(crate) private: Private,
    pub(crate) replace: Vec<Path>,
    pub(crate) notes: Diagnostics,
}

impl<'a> Plan<'a> {
    /// A plan from its parts.
    pub fn new(schema: &'a Schema, config: Value, prior: Option<Value>, planned: Value, private: Private) -> Self {
        Self { schema, config, prior, planned, private, replace: Vec::new(), notes: Diagnostics::default() }
    }

    /// Whether the object does not exist yet.
    pub fn is_create(&self) -> bool {
        self.prior.is_none()
    }

    /// Whether anything changes so far, but how long the provider may work.
    pub fn is_change(&self) -> bool {
        !self.prior.as_ref().is_some_and(|prior| differ_at_most_in_timeouts(prior, &self.planned))
    }

    /// The configuration as the user wrote it.
    pub fn config(&self) -> View<'_> {
        View::new(&self.config)
    }

    /// The state before; all null for a create.
    pub fn prior(&self) -> View<'_> {
        View::new(self.prior.as_ref().unwrap_or(&Value::Null))
    }

    /// The state that is planned so far.
    pub fn planned(&self) -> View<'_> {
        View::new(&self.planned)
    }

    /// The planned state as a model, if nothing but computed values is unknown in it.
    /// Its write-only fields are those of the configuration.
    pub fn model<M: Model>(&self) -> Option<M> {
        let mut planned = self.planned.clone();
        super::write_only::reveal(&self.schema.attributes, &mut planned, &self.config);
        M::decode(&planned, &Path::root()).ok()
    }

    /// The prior state as a model.
    pub fn prior_model<M: Model>(&self) -> Option<M> {
        self.prior.as_ref().and_then(|prior| M::decode(prior, &Path::root()).ok())
    }

    /// Whether the planned value at a top-level attribute differs from the prior one; unknown differs.
    pub fn changes(&self, attribute: &str) -> bool {
        match (self.prior().at(attribute), self.planned().at(attribute)) {
            (_, Seen::Unknown) => true,
            (before, after) => before != after,
        }
    }

    /// Plans a value for a computed top-level attribute that the user did not set.
    pub fn set(&mut self, attribute: &str, value: Value) {
        if let Some(members) = self.planned.members_mut() {
            members.insert(attribute.to_owned(), value);
        }
    }

    /// Leaves computed top-level attributes to be found out at apply; this alone plans an update.
    pub fn leave_open(&mut self, attributes: &[&str]) {
        for attribute in attributes {
            self.set(attribute, Value::Unknown);
        }
    }

    /// Takes back what the engine marked unknown: these computed attributes stay as they are.
    pub fn keep(&mut self, attributes: &[&str]) {
        for attribute in attributes {
            if let Seen::Known(value) = self.prior().at(attribute) {
                let value = value.clone();
                self.set(attribute, value);
            }
        }
    }

    /// Has the object replaced because of this attribute.
    pub fn replace_for(&mut self, dotted: &str) {
        self.replace.push(Path::parse(dotted));
    }

    /// The private state, which apply will see.
    pub fn private(&mut self) -> &mut Private {
        &mut self.private
    }

    /// Tells the user something that does not fail the plan.
    pub fn warn(&mut self, explanation: &Explanation) {
        self.notes.warning(explanation);
    }
}

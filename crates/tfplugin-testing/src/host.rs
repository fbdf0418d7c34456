//! A host in the test's process: what Terraform asks of a provider, in Terraform's order, by the protocol's own messages.

use std::sync::Arc;

use tfplugin::plugin::proto::tfplugin6 as proto;
use tfplugin::plugin::proto::tfplugin6::provider_server::Provider as _;
use tfplugin::plugin::rpc::Service;
use tfplugin::plugin::wire;
use tfplugin::{About, Catalogue, Clock, Env, Provider, Schema, Type, Value};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::proposed::proposed;

/// An object as the host keeps it between two runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// The state; null if there is none.
    pub state: Value,
    /// The private state.
    pub private: Vec<u8>,
    /// Whether a create failed after the object existed: the next apply makes it anew.
    pub tainted: bool,
}

impl Instance {
    /// An object that does not exist yet.
    pub fn none() -> Self {
        Self { state: Value::Null, private: Vec::new(), tainted: false }
    }

    /// Whether there is an object.
    pub fn exists(&self) -> bool {
        !self.state.is_null()
    }
}

/// What the provider told.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Whether it is an error, and no warning.
    pub is_error: bool,
    /// The first line.
    pub summary: String,
    /// The rest.
    pub detail: String,
}

impl Message {
    /// The code at its end.
    pub fn code(&self) -> &str {
        self.detail.rsplit("Code: ").next().unwrap_or_default()
    }
}

/// What is planned for an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The state after it, in which anything may be unknown.
    pub state: Value,
    /// Whether the object is removed and made anew.
    pub replaces: bool,
    /// The private state of the plan.
    pub private: Vec<u8>,
    /// Warnings.
    pub messages: Vec<Message>,
}

/// Errors, with the warnings between them.
pub type Refused = Vec<Message>;

/// Plays Terraform for one provider.
pub struct Host<P: Provider> {
    service: Arc<Service<P>>,
}

impl<P: Provider> Host<P> {
    /// Starts the provider and configures it, in an empty environment. `config` is its block; what is left out is null.
    ///
    /// # Errors
    /// What the provider finds wrong with its block.
    pub async fn new(about: About, catalogue: Catalogue<P>, config: &Value) -> Result<Self, Refused> {
        Self::with(about, catalogue, config, Env::default(), Clock::system()).await
    }

    /// As [`Host::new`], in this environment and at this time.
    ///
    /// # Errors
    /// What the provider finds wrong with its block.
    pub async fn with(
        about: About,
        catalogue: Catalogue<P>,
        config: &Value,
        env: Env,
        clock: Clock,
    ) -> Result<Self, Refused> {
        let service = Arc::new(Service::new(about, catalogue, env, clock, CancellationToken::new()));
        let config = Some(sent(&whole(service.schema(), config), &service.schema().value_type()));
        let request = proto::validate_provider_config::Request { config: config.clone() };
        passed(answer(service.validate_provider_config(Request::new(request)).await).diagnostics)?;
        let request = proto::configure_provider::Request { config, ..Default::default() };
        passed(answer(service.configure_provider(Request::new(request)).await).diagnostics)?;
        Ok(Self { service })
    }

    /// Ends all running work, as an interrupt of the user does.
    pub async fn interrupt(&self) {
        answer(self.service.stop_provider(Request::new(proto::stop_provider::Request::default())).await);
    }

    /// Judges a configuration of a resource without asking any remote; attributes that are left out are null.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn validate(&self, r#type: &str, config: &Value) -> Result<Vec<Message>, Refused> {
        let schema = self.schema(r#type);
        let request = proto::validate_resource_config::Request {
            type_name: r#type.to_owned(),
            config: Some(sent(&whole(schema, config), &schema.value_type())),
            client_capabilities: Some(proto::ClientCapabilities {
                write_only_attributes_allowed: true,
                ..Default::default()
            }),
        };
        passed(answer(self.service.validate_resource_config(Request::new(request)).await).diagnostics)
    }

    /// Plans what `config` wants of the object.
    ///
    /// # Errors
    /// What the provider refuses.
    pub async fn plan(&self, r#type: &str, before: &Instance, config: &Value) -> Result<Planned, Refused> {
        let mut messages = self.validate(r#type, config).await?;
        let schema = self.schema(r#type);
        let config = whole(schema, config);
        // What is tainted counts as absent, and its private state is not handed on.
        let (prior, private): (_, &[u8]) =
            if before.tainted { (&Value::Null, &[]) } else { (&before.state, &before.private) };
        let mut planned = self.planned(r#type, prior, private, &config).await?;
        if planned.replaces && !prior.is_null() {
            // As the create that it ends with.
            planned = Planned { replaces: true, ..self.planned(r#type, &Value::Null, private, &config).await? };
        }
        planned.replaces |= before.tainted;
        messages.append(&mut planned.messages);
        keeps_to_the_configuration(r#type, schema, prior, &config, &planned);
        Ok(Planned { messages, ..planned })
    }

    async fn planned(&self, name: &str, prior: &Value, private: &[u8], config: &Value) -> Result<Planned, Refused> {
        let schema = self.schema(name);
        let r#type = schema.value_type();
        let mut wanted = proposed(&schema.attributes, prior, config);
        tfplugin::sdk::write_only::hide(&schema.attributes, &mut wanted);
        let request = proto::plan_resource_change::Request {
            type_name: name.to_owned(),
            prior_state: Some(sent(prior, &r#type)),
            proposed_new_state: Some(sent(&wanted, &r#type)),
            config: Some(sent(config, &r#type)),
            prior_private: private.to_vec(),
            ..Default::default()
        };
        let plan = answer(self.service.plan_resource_change(Request::new(request)).await);
        let messages = passed(plan.diagnostics)?;
        let state = received(plan.planned_state.as_ref(), &r#type);
        Ok(Planned { state, replaces: !plan.requires_replace.is_empty(), private: plan.planned_private, messages })
    }

    /// Plans and carries out what `config` wants, and keeps what came of it in `object`: after an error too. A plan without a
    /// change asks nothing of the provider.
    ///
    /// # Errors
    /// What failed, at plan or apply.
    pub async fn apply(&self, r#type: &str, object: &mut Instance, config: &Value) -> Result<Vec<Message>, Refused> {
        let planned = self.plan(r#type, object, config).await?;
        let mut messages = planned.messages.clone();
        if planned.state == object.state && !planned.replaces {
            return Ok(messages);
        }
        if planned.replaces && object.exists() {
            messages.append(&mut self.change(r#type, object, &Value::Null, &planned.private, &Value::Null).await?);
        }
        let config = whole(self.schema(r#type), config);
        messages.append(&mut self.change(r#type, object, &planned.state, &planned.private, &config).await?);
        Ok(messages)
    }

    /// Removes the object.
    ///
    /// # Errors
    /// What failed; then the object is kept.
    pub async fn destroy(&self, r#type: &str, object: &mut Instance) -> Result<Vec<Message>, Refused> {
        let (schema, private) = (self.schema(r#type), if object.tainted { Vec::new() } else { object.private.clone() });
        let nothing = Some(sent(&Value::Null, &schema.value_type()));
        let request = proto::plan_resource_change::Request {
            type_name: r#type.to_owned(),
            prior_state: Some(sent(&object.state, &schema.value_type())),
            proposed_new_state: nothing.clone(),
            config: nothing,
            prior_private: private,
            ..Default::default()
        };
        let plan = answer(self.service.plan_resource_change(Request::new(request)).await);
        let mut messages = passed(plan.diagnostics)?;
        messages.append(&mut self.change(r#type, object, &Value::Null, &plan.planned_private, &Value::Null).await?);
        Ok(messages)
    }

    async fn change(
        &self,
        name: &str,
        object: &mut Instance,
        planned: &Value,
        private: &[u8],
        config: &Value,
    ) -> Result<Vec<Message>, Refused> {
        let r#type = self.schema(name).value_type();
        let is_create = !object.exists();
        let request = proto::apply_resource_change::Request {
            type_name: name.to_owned(),
            prior_state: Some(sent(&object.state, &r#type)),
            planned_state: Some(sent(planned, &r#type)),
            config: Some(sent(config, &r#type)),
            planned_private: private.to_vec(),
            ..Default::default()
        };
        let answer = answer(self.service.apply_resource_change(Request::new(request)).await);
        let outcome = passed(answer.diagnostics);
        let state = received(answer.new_state.as_ref(), &r#type);
        let tainted = outcome.is_err() && !state.is_null() && (is_create || object.tainted);
        *object = Instance { state, private: answer.private, tainted };
        outcome
    }

    /// Refreshes the object. What is gone leaves the state.
    ///
    /// # Errors
    /// What failed; then the object is kept as it was.
    pub async fn read(&self, r#type: &str, object: &mut Instance) -> Result<Vec<Message>, Refused> {
        let value_type = self.schema(r#type).value_type();
        let request = proto::read_resource::Request {
            type_name: r#type.to_owned(),
            current_state: Some(sent(&object.state, &value_type)),
            private: object.private.clone(),
            ..Default::default()
        };
        let answer = answer(self.service.read_resource(Request::new(request)).await);
        let messages = passed(answer.diagnostics)?;
        object.state = received(answer.new_state.as_ref(), &value_type);
        object.private = answer.private;
        Ok(messages)
    }

    /// Takes an existing object in by its id, and refreshes it as a host does.
    ///
    /// # Errors
    /// What failed.
    pub async fn import(&self, r#type: &str, id: &str) -> Result<Instance, Refused> {
        let request = proto::import_resource_state::Request {
            type_name: r#type.to_owned(),
            id: id.to_owned(),
            ..Default::default()
        };
        let answer = answer(self.service.import_resource_state(Request::new(request)).await);
        passed(answer.diagnostics)?;
        let [imported] = answer.imported_resources.as_slice() else { panic!("an import gives one object") };
        let state = received(imported.state.as_ref(), &self.schema(r#type).value_type());
        let mut object = Instance { state, private: imported.private.clone(), tainted: false };
        self.read(r#type, &mut object).await?;
        Ok(object)
    }

    /// Reads a data source.
    ///
    /// # Errors
    /// What failed.
    pub async fn data(&self, r#type: &str, config: &Value) -> Result<Value, Refused> {
        let found = self.service.catalogue().data_named(r#type);
        let schema = found.unwrap_or_else(|| panic!("there is no data source `{type}`")).schema();
        let value_type = schema.value_type();
        let (type_name, config) = (r#type.to_owned(), Some(sent(&whole(schema, config), &value_type)));
        let request =
            proto::validate_data_resource_config::Request { type_name: type_name.clone(), config: config.clone() };
        passed(answer(self.service.validate_data_resource_config(Request::new(request)).await).diagnostics)?;
        let request = proto::read_data_source::Request { type_name, config, ..Default::default() };
        let answer = answer(self.service.read_data_source(Request::new(request)).await);
        passed(answer.diagnostics)?;
        Ok(received(answer.state.as_ref(), &value_type))
    }

    fn schema(&self, r#type: &str) -> &Schema {
        let found = self.service.catalogue().resource_named(r#type);
        found.unwrap_or_else(|| panic!("there is no resource `{type}`")).schema()
    }
}

/// The object with a null for each attribute that is left out.
fn whole(schema: &Schema, config: &Value) -> Value {
    let given = config.members().cloned().unwrap_or_default();
    let unknown: Vec<_> = given.keys().filter(|name| schema.attribute(name).is_none()).collect();
    assert!(unknown.is_empty(), "the schema has no {unknown:?}");
    Value::object(schema.attributes.iter().map(|attribute| {
        let value = given.get(&attribute.name).cloned().unwrap_or(Value::Null);
        (attribute.name.clone(), value)
    }))
}

/// What Terraform demands of a plan: what is configured is planned so, or stays as it was where that means the same.
fn keeps_to_the_configuration(r#type: &str, schema: &Schema, prior: &Value, config: &Value, planned: &Planned) {
    for attribute in &schema.attributes {
        let given = config.member(&attribute.name);
        let found = planned.state.member(&attribute.name);
        let at = format!("{}.{}", r#type, attribute.name);
        if attribute.write_only {
            assert!(found.is_null(), "{at} is write-only and planned");
        } else if given.is_wholly_known() && !given.is_null() && matches!(attribute.shape, tfplugin::Shape::Plain(_)) {
            let stays = !planned.replaces && found == prior.member(&attribute.name);
            assert!(found == given || stays, "{at} is configured as {given:?} and planned as {found:?}");
        }
    }
}

fn sent(value: &Value, r#type: &Type) -> proto::DynamicValue {
    let msgpack = wire::msgpack::encode(value, r#type).expect("the value is of the schema's type");
    proto::DynamicValue { msgpack, json: Vec::new() }
}

fn received(value: Option<&proto::DynamicValue>, r#type: &Type) -> Value {
    let Some(value) = value else { return Value::Null };
    wire::decode_dynamic_value(&value.msgpack, &value.json, r#type).expect("the provider answers by its schema")
}

fn answer<T>(answer: Result<Response<T>, Status>) -> T {
    answer.expect("a failure is a message, and no error of the call").into_inner()
}

/// The messages, as an error if there is one among them.
fn passed(found: Vec<proto::Diagnostic>) -> Result<Vec<Message>, Refused> {
    let is_error = |one: &proto::Diagnostic| one.severity() == proto::diagnostic::Severity::Error;
    let messages: Vec<_> = found
        .into_iter()
        .map(|one| Message { is_error: is_error(&one), summary: one.summary, detail: one.detail })
        .collect();
    if messages.iter().any(|message| message.is_error) { Err(messages) } else { Ok(messages) }
}

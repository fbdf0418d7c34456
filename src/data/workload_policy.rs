//! `berth_workload_policy`: what a well-known workload may do in AWS.

use crate::domain::irsa::{self, Statement, policy_json};
use crate::domain::workload::{self, WorkloadError};
use crate::provider::{Berth, Cx};
use crate::sdk::{Computed, Data, Diagnostics, Explanation, Meta, Model, Result, Value, View};

/// The data source.
pub struct WorkloadPolicyData;

/// What is asked and computed.
#[derive(Clone, Debug, Model)]
pub struct WorkloadPolicyModel {
    /// The workload's name, such as `cert-manager`; the function `workload_policy` lists all of them.
    pub workload: String,
    /// The workload's arguments, an object; the function `workload_policy` lists them.
    pub arguments: Option<Value>,
    /// The permissions, as `berth_irsa_role` takes them.
    pub statements: Computed<Vec<StatementResult>>,
    /// The permissions as a policy document.
    pub json: Computed<String>,
    /// How many characters of `json` count against IAM's limits: 6,144 for a managed policy, 10,240 for all inline
    /// policies of a role.
    pub characters: Computed<i64>,
}

/// One statement.
#[derive(Clone, Debug, Model)]
pub struct StatementResult {
    /// Its name within the policy.
    pub sid: Computed<String>,
    /// Always `Allow`.
    pub effect: Computed<String>,
    /// The actions, as `service:Action`.
    pub actions: Computed<Vec<String>>,
    /// ARNs with wildcards, or `*`.
    pub resources: Computed<Vec<String>>,
    /// Conditions, which must all hold.
    pub conditions: Computed<Vec<ConditionResult>>,
}

/// One condition.
#[derive(Clone, Debug, Model)]
pub struct ConditionResult {
    /// The operator, such as `StringEquals`.
    pub test: Computed<String>,
    /// The context key.
    pub variable: Computed<String>,
    /// Any of these must match.
    pub values: Computed<Vec<String>>,
}

impl Data<Berth> for WorkloadPolicyData {
    type Model = WorkloadPolicyModel;

    const NAME: &'static str = "berth_workload_policy";

    const META: Meta = Meta::new(
        "Identity",
        "The permissions of a well-known workload of clusters, as its project publishes them and as narrow as the \
         arguments allow. The function `workload_policy` gives the same without a data source, and its page lists the \
         workloads with their arguments. Nothing is asked of AWS.",
    );

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        let (Some(workload), given) = (config.text("workload"), config.value().member("arguments")) else { return };
        if !given.is_wholly_known() {
            return;
        }
        if let Err(explanation) = statements(workload, given) {
            found.error(&explanation);
        }
    }

    async fn read(&self, _cx: &Cx, model: &mut WorkloadPolicyModel) -> Result<()> {
        let statements = statements(&model.workload, model.arguments.as_ref().unwrap_or(&Value::Null))?;
        let document = policy_json(&statements);
        model.characters.set(i64::try_from(irsa::size(&document)).unwrap_or(i64::MAX));
        model.json.set(document);
        model.statements.set(statements.into_iter().map(StatementResult::from).collect::<Vec<_>>());
        Ok(())
    }
}

fn statements(workload: &str, arguments: &Value) -> Result<Vec<Statement>> {
    let wrong = |problem: String, attribute: &str| {
        Explanation::new("BERTH-POLICY-001", format!("Cannot write the policy of `{workload}`: {problem}"))
            .next("correct it; nothing was asked of AWS")
            .at(attribute)
    };
    let arguments = match arguments.to_json() {
        serde_json::Value::Null => serde_json::Map::new(),
        serde_json::Value::Object(members) => members,
        _ => return Err(wrong("`arguments` must be an object".to_owned(), "arguments")),
    };
    workload::statements(workload, &arguments).map_err(|error| {
        let attribute = if matches!(error, WorkloadError::Unknown(_)) { "workload" } else { "arguments" };
        wrong(error.to_string(), attribute)
    })
}

impl From<Statement> for StatementResult {
    fn from(statement: Statement) -> Self {
        let conditions = statement.conditions.into_iter().map(|condition| ConditionResult {
            test: condition.test.into(),
            variable: condition.variable.into(),
            values: condition.values.into(),
        });
        Self {
            sid: statement.sid.map_or(Computed::Null, Computed::Known),
            effect: statement.effect.as_str().to_owned().into(),
            conditions: conditions.collect::<Vec<_>>().into(),
            actions: statement.actions.into(),
            resources: statement.resources.into(),
        }
    }
}

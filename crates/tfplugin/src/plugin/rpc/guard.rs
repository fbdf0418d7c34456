//! The boundary around each call: a panic becomes a diagnostic, and so does every other failure.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use tonic::{Response, Status};

use super::super::proto::tfplugin6 as proto;
use crate::explain::Explanation;
use crate::sdk::Diagnostics;

/// A response that can carry a failure.
pub trait Answer: Default {
    /// The answer of a call that failed and changed nothing.
    fn failed(diagnostics: Vec<proto::Diagnostic>) -> Self;
}

macro_rules! answers {
    ($($message:ident),* $(,)?) => {
        $(impl Answer for proto::$message::Response {
            #[allow(clippy::needless_update, reason = "some messages hold nothing else")]
            fn failed(diagnostics: Vec<proto::Diagnostic>) -> Self {
                Self { diagnostics, ..Default::default() }
            }
        })*
    };
}

answers!(
    get_provider_schema,
    get_functions,
    get_metadata,
    get_resource_identity_schemas,
    upgrade_resource_identity,
    validate_provider_config,
    configure_provider,
    validate_resource_config,
    upgrade_resource_state,
    read_resource,
    plan_resource_change,
    apply_resource_change,
    import_resource_state,
    move_resource_state,
    generate_resource_config,
    validate_data_resource_config,
    read_data_source,
    validate_ephemeral_resource_config,
    open_ephemeral_resource,
    renew_ephemeral_resource,
    close_ephemeral_resource,
    validate_list_resource_config,
    validate_action_config,
    plan_action,
);

impl Answer for proto::call_function::Response {
    fn failed(diagnostics: Vec<proto::Diagnostic>) -> Self {
        let text = diagnostics.into_iter().map(|d| format!("{}\n\n{}", d.summary, d.detail)).collect::<Vec<_>>();
        Self { error: Some(proto::FunctionError { text: text.join("\n\n"), function_argument: None }), result: None }
    }
}

/// Runs one call; `told` makes messages of what is found. gRPC errors would reach the user as "Plugin error" without a
/// word of ours, so there are none.
pub async fn answered<T: Answer>(
    told: impl Fn(&Diagnostics) -> Vec<proto::Diagnostic>,
    work: impl Future<Output = Result<T, Explanation>> + Send,
) -> Result<Response<T>, Status> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    let answer = match outcome {
        Ok(Ok(answer)) => answer,
        Ok(Err(failure)) => T::failed(told(&error(&failure))),
        Err(_panic) => T::failed(told(&error(&panicked()))),
    };
    Ok(Response::new(answer))
}

/// Words a panic. What it said went to the log; it may hold anything, so it is not shown here.
pub fn panicked() -> Explanation {
    Explanation::new("SDK-007", "The provider panicked")
        .defect("run again with TF_LOG=ERROR and report the panic message")
}

fn error(failure: &Explanation) -> Diagnostics {
    let mut found = Diagnostics::default();
    found.error(failure);
    found
}

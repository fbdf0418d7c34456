//! What the author of a resource sees: values, schema, models, the traits of each kind of type.
//!
//! Nothing here knows Terraform's wire format, or any remote.

mod action;
mod catalogue;
pub mod check;
mod cx;
mod diagnostics;
mod ephemeral;
mod erased;
mod field;
mod function;
mod identity;
mod json;
mod kind;
mod list;
mod model;
#[cfg(test)]
mod model_tests;
mod number;
mod path;
mod plan;
mod private;
mod provider;
mod resource;
mod schema;
mod timeouts;
mod types;
mod value;
mod view;
pub mod write_only;

pub use crate::about::About;
pub use crate::explain::Explanation;
pub use crate::owner::Owner;
pub use crate::secret::Secret;
pub use action::{Action, Progress};
pub use catalogue::Catalogue;
pub use cx::Cx;
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use ephemeral::{Ephemeral, Lease};
pub use erased::{AnyAction, AnyData, AnyEphemeral, AnyList, AnyResource, Applied};
pub use field::{Computed, Set};
pub use function::{Arguments, Function, FunctionError, Parameter, Signature};
pub use identity::{AnyIdentity, Identified};
pub use kind::{AnyType, Kind};
pub use list::{Found, Listed, Listing};
pub use model::{Attr, DecodeError, Model};
pub use number::Number;
pub use path::{Path, Step};
pub use plan::Plan;
pub use private::Private;
pub use provider::{Provider, Settings};
pub use resource::{Data, Import, Meta, MoveSource, Resource};
pub use schema::{Attribute, Check, Equality, Mode, Nesting, Schema, Shape};
pub use tfplugin_macros::Model;
pub(crate) use timeouts::differ_at_most_in_timeouts;
pub use timeouts::{InvokeTimeouts, Limits, ReadTimeouts, Timeouts, parse_duration};
pub use types::Type;
pub use value::Value;
pub use view::{Seen, View};

/// What the methods of a resource answer: their result, or a failure told in four parts.
pub type Result<T> = std::result::Result<T, Explanation>;

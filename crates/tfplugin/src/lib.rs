#![doc = include_str!("../README.md")]

// The derive names this crate `::tfplugin`, here as in providers.
extern crate self as tfplugin;

pub mod about;
pub mod clock;
pub mod env;
pub mod explain;
pub mod owner;
pub mod retry;
pub mod secret;

#[doc(hidden)]
pub mod plugin;
pub mod sdk;

pub use clock::Clock;
pub use env::Env;
pub use plugin::launch::run as serve;
pub use retry::Budget;
pub use sdk::{
    About, Action, Arguments, Attr, Attribute, Catalogue, Check, Computed, Cx, Data, DecodeError, Diagnostic,
    Diagnostics, Ephemeral, Equality, Explanation, Function, FunctionError, Identified, Import, InvokeTimeouts, Lease,
    Limits, Listed, Listing, Meta, Mode, Model, MoveSource, Nesting, Number, Owner, Parameter, Path, Plan, Private,
    Progress, Provider, ReadTimeouts, Resource, Result, Schema, Secret, Seen, Set, Settings, Severity, Shape,
    Signature, Step, Timeouts, Type, Value, View, check,
};

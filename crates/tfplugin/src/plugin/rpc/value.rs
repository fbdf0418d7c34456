//! Values in and out of the protocol's messages.

use super::super::engine::nulls::{self, Nulls};
use super::super::engine::secrets;
use super::super::proto::tfplugin6 as proto;
use super::super::wire;
use crate::explain::{Explanation, chain};
use crate::sdk::{Diagnostics, Schema, Type, Value};

/// Reads a value of a schema, whose type is `type`; an absent one is null. The secrets in it are known from then on.
/// The null members of its maps come apart from it, to be put back into the answer.
pub fn read(sent: Option<&proto::DynamicValue>, schema: &Schema, r#type: &Type) -> Result<(Value, Nulls), Explanation> {
    let value = read_plain(sent, r#type)?;
    secrets::learn_all(&schema.attributes, &value);
    Ok(nulls::taken_out(value, r#type))
}

/// Reads a configuration to validate it: tells the nulls that nobody can be given.
pub fn read_config(
    sent: Option<&proto::DynamicValue>,
    schema: &Schema,
    found: &mut Diagnostics,
) -> Result<Value, Explanation> {
    judged(sent, schema, |config, r#type| nulls::refused(config, r#type, found))
}

/// Reads the configuration of a resource to validate it.
pub fn read_resource(
    sent: Option<&proto::DynamicValue>,
    schema: &Schema,
    found: &mut Diagnostics,
) -> Result<Value, Explanation> {
    judged(sent, schema, |config, r#type| {
        nulls::refused_objects(&schema.attributes, config, found);
        nulls::refused(config, r#type, found);
    })
}

/// Reads a configuration, and has it judged before its nulls are taken out.
fn judged(
    sent: Option<&proto::DynamicValue>,
    schema: &Schema,
    judge: impl FnOnce(&Value, &Type),
) -> Result<Value, Explanation> {
    let r#type = schema.value_type();
    let config = read_plain(sent, &r#type)?;
    secrets::learn_all(&schema.attributes, &config);
    judge(&config, &r#type);
    Ok(nulls::taken_out(config, &r#type).0)
}

/// Reads a value that belongs to no schema; an absent one is null.
pub fn read_plain(sent: Option<&proto::DynamicValue>, r#type: &Type) -> Result<Value, Explanation> {
    let Some(sent) = sent else { return Ok(Value::Null) };
    wire::decode_dynamic_value(&sent.msgpack, &sent.json, r#type).map_err(|error| {
        Explanation::new("SDK-005", "Cannot read a value that Terraform sent")
            .said("the decoder", chain(&error))
            .defect(REPORT)
    })
}

/// Writes a value.
pub fn write(value: &Value, r#type: &Type) -> Result<proto::DynamicValue, Explanation> {
    match wire::msgpack::encode(value, r#type) {
        Ok(msgpack) => Ok(proto::DynamicValue { msgpack, json: Vec::new() }),
        Err(error) => Err(Explanation::new("SDK-006", "Cannot write a value for Terraform")
            .said("the encoder", chain(&error))
            .defect(REPORT)),
    }
}

/// The advice for what only a defect can cause.
pub const REPORT: &str = "report it with the configuration at hand";

//! Values in and out of the protocol's messages.

use super::super::engine::secrets;
use super::super::proto::tfplugin6 as proto;
use super::super::wire;
use crate::explain::{Explanation, chain};
use crate::sdk::{Schema, Type, Value};

/// Reads a value of a schema, whose type is `type`; an absent one is null. The secrets in it are known from then on.
pub fn read(sent: Option<&proto::DynamicValue>, schema: &Schema, r#type: &Type) -> Result<Value, Explanation> {
    let value = read_plain(sent, r#type)?;
    secrets::learn_all(&schema.attributes, &value);
    Ok(value)
}

/// Reads a value that belongs to no schema; an absent one is null.
pub fn read_plain(sent: Option<&proto::DynamicValue>, r#type: &Type) -> Result<Value, Explanation> {
    let Some(sent) = sent else { return Ok(Value::Null) };
    wire::decode_dynamic_value(&sent.msgpack, &sent.json, r#type).map_err(|error| {
        Explanation::new("BERTH-SDK-005", "Cannot read a value that Terraform sent")
            .said("the decoder", chain(&error))
            .next(report())
    })
}

/// Writes a value.
pub fn write(value: &Value, r#type: &Type) -> Result<proto::DynamicValue, Explanation> {
    match wire::msgpack::encode(value, r#type) {
        Ok(msgpack) => Ok(proto::DynamicValue { msgpack, json: Vec::new() }),
        Err(error) => Err(Explanation::new("BERTH-SDK-006", "Cannot write a value for Terraform")
            .said("the encoder", chain(&error))
            .next(report())),
    }
}

/// The advice for what only a defect can cause.
pub fn report() -> String {
    format!("this is a defect of berth {}: report it with the configuration at hand", env!("CARGO_PKG_VERSION"))
}

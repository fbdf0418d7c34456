//! Members of a CA's documents that may be absent: `null`, or a value of another kind, counts as absence.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The member, or its default where it is null or cannot be read: for everything that RFC 8555 calls optional.
pub(super) fn or_absent<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + DeserializeOwned,
{
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}

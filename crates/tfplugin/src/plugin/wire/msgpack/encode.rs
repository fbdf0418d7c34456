//! From values to MessagePack, led by the type.

use std::collections::BTreeMap;
use std::convert::Infallible;

use rmp::encode::{
    ByteBuf, RmpWrite, ValueWriteError, write_array_len, write_bin, write_bool, write_f64, write_map_len, write_nil,
    write_sint, write_str,
};

use crate::plugin::wire::trail::Trail;
use crate::plugin::wire::{MAX_BYTES, Problem, WireError, expected, found, types};
use crate::sdk::{Number, Type, Value};

/// How Terraform itself writes an unknown value: an extension of code 0 with one byte.
const UNKNOWN: [u8; 3] = [0xd4, 0x00, 0x00];

/// Writes a value of the type `ty`. Objects must have every attribute of the type and no other.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, WireError> {
    let mut out = ByteBuf::new();
    let root = Trail::root();
    write(&mut out, value, ty, &root)?;
    if out.as_slice().len() > MAX_BYTES {
        return Err(root.error(Problem::TooLong));
    }
    Ok(out.into_vec())
}

fn write(out: &mut ByteBuf, value: &Value, ty: &Type, at: &Trail<'_>) -> Result<(), WireError> {
    match (ty, value) {
        (_, Value::Null) => sure(write_nil(out).map_err(ValueWriteError::InvalidMarkerWrite)),
        (_, Value::Unknown) => sure(out.write_bytes(&UNKNOWN).map_err(ValueWriteError::InvalidDataWrite)),
        (Type::Bool, Value::Bool(bool)) => sure(write_bool(out, *bool).map_err(ValueWriteError::InvalidMarkerWrite)),
        (Type::Number, Value::Number(number)) => write_number(out, number, at)?,
        (Type::String, Value::String(text)) => write_text(out, text, at)?,
        (Type::List(element), Value::List(elements)) => write_list(out, elements, element, at)?,
        (Type::Set(element), Value::Set(elements)) => write_set(out, elements, element, at)?,
        (Type::Map(element), Value::Map(members)) => write_map(out, members, element, at)?,
        (Type::Tuple(types), Value::List(elements)) => write_tuple(out, elements, types, at)?,
        (Type::Object(attributes), Value::Map(members)) => write_object(out, members, attributes, at)?,
        (Type::Dynamic, Value::Dynamic(typed)) => write_dynamic(out, &typed.0, &typed.1, at)?,
        (ty, value) => {
            return Err(at.error(Problem::Expected { expected: expected(ty), found: found(value) }));
        }
    }
    Ok(())
}

/// An integer as such, a binary fraction as such, anything else as its decimal text. A whole number that only a float
/// holds goes as text too: go-cty compares whole numbers by value, and this one would come back from the state,
/// where it is decimal, as another.
fn write_number(out: &mut ByteBuf, number: &Number, at: &Trail<'_>) -> Result<(), WireError> {
    match number {
        Number::Int(int) => sure(write_sint(out, *int)),
        Number::Float(float) if float.is_nan() => return Err(at.error(Problem::NoNumber)),
        Number::Float(float) if float.is_finite() && float.fract() == 0.0 => write_text(out, &number.to_string(), at)?,
        Number::Float(float) => sure(write_f64(out, *float)),
        Number::Text(text) => write_text(out, text, at)?,
    }
    Ok(())
}

fn write_text(out: &mut ByteBuf, text: &str, at: &Trail<'_>) -> Result<(), WireError> {
    length(text.len(), at)?;
    sure(write_str(out, text));
    Ok(())
}

fn write_list(out: &mut ByteBuf, elements: &[Value], ty: &Type, at: &Trail<'_>) -> Result<(), WireError> {
    sure(write_array_len(out, length(elements.len(), at)?));
    for (index, element) in elements.iter().enumerate() {
        write(out, element, ty, &at.index(index)?)?;
    }
    Ok(())
}

fn write_set(out: &mut ByteBuf, elements: &[Value], ty: &Type, at: &Trail<'_>) -> Result<(), WireError> {
    sure(write_array_len(out, length(elements.len(), at)?));
    for element in elements {
        write(out, element, ty, &at.element()?)?;
    }
    Ok(())
}

fn write_tuple(out: &mut ByteBuf, elements: &[Value], types: &[Type], at: &Trail<'_>) -> Result<(), WireError> {
    if elements.len() != types.len() {
        return Err(at.error(Problem::Length { expected: types.len(), found: elements.len() }));
    }
    sure(write_array_len(out, length(elements.len(), at)?));
    for (index, (element, ty)) in elements.iter().zip(types).enumerate() {
        write(out, element, ty, &at.index(index)?)?;
    }
    Ok(())
}

fn write_map(out: &mut ByteBuf, members: &BTreeMap<String, Value>, ty: &Type, at: &Trail<'_>) -> Result<(), WireError> {
    sure(write_map_len(out, length(members.len(), at)?));
    for (key, member) in members {
        write_text(out, key, at)?;
        write(out, member, ty, &at.key(key)?)?;
    }
    Ok(())
}

fn write_object(
    out: &mut ByteBuf,
    members: &BTreeMap<String, Value>,
    attributes: &BTreeMap<String, Type>,
    at: &Trail<'_>,
) -> Result<(), WireError> {
    if let Some(surplus) = members.keys().find(|name| !attributes.contains_key(*name)) {
        return Err(at.error(Problem::Surplus(surplus.clone())));
    }
    sure(write_map_len(out, length(attributes.len(), at)?));
    for (name, ty) in attributes {
        let member = members.get(name).ok_or_else(|| at.error(Problem::Missing(name.clone())))?;
        write_text(out, name, at)?;
        write(out, member, ty, &at.attribute(name)?)?;
    }
    Ok(())
}

fn write_dynamic(out: &mut ByteBuf, ty: &Type, value: &Value, at: &Trail<'_>) -> Result<(), WireError> {
    let inside = at.typed()?;
    if *ty == Type::Dynamic {
        return write(out, value, ty, &inside);
    }
    sure(write_array_len(out, 2));
    sure(write_bin(out, &types::to_json(ty)));
    write(out, value, ty, &inside)
}

/// MessagePack counts in 32 bits.
fn length(length: usize, at: &Trail<'_>) -> Result<u32, WireError> {
    u32::try_from(length).map_err(|_| at.error(Problem::TooLong))
}

/// Writing to memory does not fail.
fn sure<T>(written: Result<T, ValueWriteError<Infallible>>) {
    let Ok(done) = written;
    drop(done);
}

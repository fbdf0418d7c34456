//! Any bytes, read as a value of any type: no panic, and what was read is written and read again as the same.
#![no_main]

use berth::{
    plugin::wire::{UnknownKeys, json, msgpack},
    sdk::{Type, Value},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let ty = any_type(&mut rest, 4);
    if let Ok(value) = msgpack::decode(rest, &ty) {
        survives_messagepack(&value, &ty);
    }
    for keys in [UnknownKeys::Refuse, UnknownKeys::Ignore] {
        if let Ok(value) = json::decode(rest, &ty, keys) {
            survives_messagepack(&value, &ty);
            survives_json(&value, &ty);
        }
    }
});

fn survives_messagepack(value: &Value, ty: &Type) {
    let bytes = msgpack::encode(value, ty).expect("what was read can be written");
    assert_eq!(&msgpack::decode(&bytes, ty).expect("what was written can be read"), value);
}

/// Only for what came from JSON: `MessagePack` has infinities and unknown values too.
fn survives_json(value: &Value, ty: &Type) {
    let text = json::encode(value, ty).expect("what was read can be written");
    assert_eq!(&json::decode(&text, ty, UnknownKeys::Refuse).expect("what was written can be read"), value);
}

/// A type of at most `depth` levels, as the first bytes say; without bytes a string.
fn any_type(bytes: &mut &[u8], depth: u8) -> Type {
    let Some((&choice, rest)) = bytes.split_first() else { return Type::String };
    *bytes = rest;
    let kinds = if depth == 0 { 4 } else { 9 };
    let count = choice / kinds % 4;
    match choice % kinds {
        0 => Type::String,
        1 => Type::Number,
        2 => Type::Bool,
        3 => Type::Dynamic,
        4 => Type::list(any_type(bytes, depth - 1)),
        5 => Type::set(any_type(bytes, depth - 1)),
        6 => Type::map(any_type(bytes, depth - 1)),
        7 => Type::Tuple((0..count).map(|_| any_type(bytes, depth - 1)).collect()),
        _ => Type::Object((0..count).map(|name| (name.to_string(), any_type(bytes, depth - 1))).collect()),
    }
}

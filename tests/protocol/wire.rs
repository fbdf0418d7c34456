//! Laws of the codec, on values of every shape and on bytes of no shape at all.

use berth::plugin::wire::{UnknownKeys, json, msgpack, types};
use berth::sdk::{Type, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::values::{Parts, open_type, typed_value};

/// How many bytes of memory one encoded byte may cost: a map of one null, four bytes long, takes a node of eleven.
const BYTES_FOR_ONE: usize = 400;

/// How many cases each law is tried on; `PROPTEST_CASES` sets more, for a long search.
fn cases() -> u32 {
    ProptestConfig::default().cases.max(512)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn a_type_survives_its_json(ty in open_type()) {
        prop_assert_eq!(types::from_json(&types::to_json(&ty)), Ok(ty));
    }

    #[test]
    fn a_value_survives_messagepack((ty, value) in typed_value(Parts::Any)) {
        let bytes = msgpack::encode(&value, &ty).unwrap();
        prop_assert_eq!(msgpack::decode(&bytes, &ty), Ok(value));
    }

    #[test]
    fn a_known_value_survives_json((ty, value) in typed_value(Parts::InJson)) {
        let bytes = json::encode(&value, &ty).unwrap();
        prop_assert_eq!(json::decode(&bytes, &ty, UnknownKeys::Refuse), Ok(value.clone()));
        prop_assert_eq!(json::decode(&bytes, &ty, UnknownKeys::Ignore), Ok(value));
    }

    #[test]
    fn any_bytes_are_read_or_refused(ty in open_type(), bytes in vec(any::<u8>(), 0..200)) {
        read_or_refuse(&bytes, &ty)?;
    }

    #[test]
    fn a_damaged_type_is_read_or_refused(ty in open_type(), places in vec((any::<Index>(), any::<u8>()), 1..4)) {
        let mut bytes = types::to_json(&ty);
        for (place, byte) in places {
            *place.get_mut(&mut bytes) = byte;
        }
        if let Ok(ty) = types::from_json(&bytes) {
            prop_assert_eq!(types::from_json(&types::to_json(&ty)), Ok(ty));
        }
    }

    #[test]
    fn damaged_bytes_are_read_or_refused(
        (ty, value) in typed_value(Parts::Any),
        damage in vec((any::<Index>(), any::<u8>()), 1..4),
        length in any::<Index>(),
    ) {
        let mut bytes = msgpack::encode(&value, &ty).unwrap();
        for (place, byte) in damage {
            *place.get_mut(&mut bytes) = byte;
        }
        read_or_refuse(&bytes, &ty)?;
        read_or_refuse(&bytes[..length.index(bytes.len())], &ty)?;
    }

    #[test]
    fn a_value_of_another_type_is_read_or_refused((_, value) in typed_value(Parts::InJson), ty in open_type()) {
        let dynamic = Value::Dynamic(Box::new((ty.clone(), value.clone())));
        for bytes in [msgpack::encode(&value, &ty), msgpack::encode(&dynamic, &Type::Dynamic)].into_iter().flatten() {
            read_or_refuse(&bytes, &ty)?;
        }
    }
}

/// What is read can be written again and read as the same; and it is not much larger than its bytes.
fn read_or_refuse(bytes: &[u8], ty: &Type) -> Result<(), TestCaseError> {
    if let Ok(value) = msgpack::decode(bytes, ty) {
        prop_assert!(weight(&value) <= BYTES_FOR_ONE * bytes.len(), "{} bytes for {bytes:x?}", weight(&value));
        let again = msgpack::encode(&value, ty).unwrap();
        prop_assert_eq!(msgpack::decode(&again, ty), Ok(value));
    }
    if let Ok(value) = json::decode(bytes, ty, UnknownKeys::Ignore) {
        let again = json::encode(&value, ty).unwrap();
        prop_assert_eq!(json::decode(&again, ty, UnknownKeys::Refuse), Ok(value));
    }
    Ok(())
}

/// About how many bytes of memory a value holds.
fn weight(value: &Value) -> usize {
    let inside = match value {
        Value::Null | Value::Unknown | Value::Bool(_) => 0,
        Value::Number(number) => number.to_string().len(),
        Value::String(text) => text.capacity(),
        Value::List(elements) | Value::Set(elements) => {
            (elements.capacity() - elements.len()) * size_of::<Value>() + elements.iter().map(weight).sum::<usize>()
        }
        // A node of a B-tree has room for eleven pairs.
        Value::Map(members) => {
            let nodes = members.len().div_ceil(5) * 11 * (size_of::<String>() + size_of::<Value>());
            nodes + members.iter().map(|(key, member)| key.capacity() + weight(member)).sum::<usize>()
        }
        Value::Dynamic(typed) => size_of::<(Type, Value)>() + weight(&typed.1),
    };
    size_of::<Value>() + inside
}

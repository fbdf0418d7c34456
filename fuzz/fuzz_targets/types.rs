//! Any bytes, read as a type: no panic, and what was read is written and read again as the same.
#![no_main]

use berth::plugin::wire::types;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Ok(ty) = types::from_json(input) {
        assert_eq!(types::from_json(&types::to_json(&ty)).expect("what was written can be read"), ty);
    }
});

//! Everything berth offers, one line a type.

use crate::provider::Berth;
use crate::sdk::Catalogue;

/// The catalogue. A new type is one line here; `tests/catalogue.rs` names what else it needs.
pub fn catalogue() -> Catalogue<Berth> {
    Catalogue::default()
}

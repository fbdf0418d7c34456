//! What a name, a record and a zone are, and which changes to them make sense.

pub mod batch;
pub mod caa;
pub mod challenge;
pub mod clash;
pub mod delegation;
pub mod external_dns;
pub mod name;
pub mod record;
pub mod record_id;
pub mod text;
pub mod together;
pub mod transition;
pub mod value;
pub mod zone;

pub use batch::{Change, ChangeGroup};
pub use name::{DnsName, DnsNameError};
pub use record::{AliasTarget, RecordData, RecordKey, RecordSet, RecordType, Routing};
pub use transition::{Conflict, Step, Transition};
pub use value::ValueError;
pub use zone::{Zone, ZoneId};

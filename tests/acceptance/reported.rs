//! What users reported of this kind of tool, as configurations of our own.

mod nulls;
mod strict_refresh;

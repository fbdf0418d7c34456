//! What users reported of this kind of tool, as configurations of our own.

mod first_start;
mod nulls;
mod strict_refresh;

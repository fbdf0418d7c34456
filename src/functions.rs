//! Functions of the configuration language, one file each.

pub mod dockerconfigjson;

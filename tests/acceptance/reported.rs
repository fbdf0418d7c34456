//! What users of public tools reported, tried with this provider.

mod env;

//! Starts the provider, or says what it is.

fn main() {}

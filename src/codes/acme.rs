//! Certificates from ACME CAs.

mod account;
mod ca;
mod certificate;
mod preflight;

use super::Code;

/// The codes, list by list.
pub(super) const CODES: &[&[Code]] = &[ca::CODES, account::CODES, certificate::CODES, preflight::CODES];

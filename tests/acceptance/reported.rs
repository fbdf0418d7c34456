//! What users reported of others, and would have met here.

mod acme_authorities;
mod acme_plans;

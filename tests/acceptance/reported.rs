//! What users of peers reported, and newcomers met: each case through the hosts themselves.

mod dns_iam;
mod dns_iam_records;

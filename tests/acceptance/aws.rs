//! IAM and Route53 through Terraform, on moto.

pub(crate) mod dns;
mod dns01;
mod dns_adoption;
mod dns_edges;
mod dns_external;
mod dns_law;
mod dns_records;
mod dns_speed;
mod dns_takeover;
mod dns_together;
pub(crate) mod identity;
pub(crate) mod own_zone;
mod plans;

use berth::clients::aws::{Aws, Settings};
use berth::env::Env;
use berth::retry::Budget;
use tokio::runtime::Runtime;

/// A provider block that names the account's default tags.
pub(crate) const PROVIDER: &str = "provider \"berth\" {\n  aws = { default_tags = { made_by = \"berth\" } }\n}\n";

/// The account as the sandbox has it, for what happens behind the provider's back.
pub(crate) struct Account {
    pub(crate) runtime: Runtime,
    pub(crate) aws: Aws,
}

impl Account {
    pub(crate) fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { runtime, aws: Aws::new(Settings::default(), &Env::process()) }
    }

    pub(crate) fn budget() -> Budget {
        Budget::uninterrupted(std::time::Duration::from_mins(1))
    }
}

/// A name that no other test and run uses.
pub(crate) fn unique(prefix: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

//! The user's environment: what works in the same shell with `aws`, `kubectl`, `skopeo` and `curl` works here, for all four
//! remotes by the same rules.

mod login;
mod proxies;
mod remotes;
mod settings;
mod trust;

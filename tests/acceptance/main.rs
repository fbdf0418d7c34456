//! Terraform and OpenTofu themselves with the built provider, against the sandbox's real parts.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod acme;
mod actions;
mod artifacts;
mod aws;
mod bed;
mod cert_manager;
mod cert_manager_backup;
mod chance;
mod charts;
mod cluster;
mod cluster_permissions;
#[path = "../support/cutter.rs"]
mod cutter;
mod diagnosis;
#[path = "../support/distribution.rs"]
#[allow(dead_code, reason = "not every suite needs every value")]
mod distribution;
mod dns_lookup;
mod ephemeral;
mod examples;
#[path = "../support/faults.rs"]
#[allow(dead_code, reason = "the proxy can stand before other servers too")]
mod fault_proxy;
mod faults;
#[path = "../support/forward.rs"]
mod forward;
mod functions;
#[path = "../support/gate.rs"]
mod gate;
#[path = "../support/helpers.rs"]
mod helpers;
mod identity;
mod image_mirror;
mod images;
mod ingress_address;
mod installation;
#[path = "../support/kubectl.rs"]
mod kubectl;
mod lists;
mod manifest;
mod mocked;
mod node_trust;
mod ownership;
mod package;
mod permissions;
mod pipeline;
mod provider;
mod pull_secret;
#[path = "../support/recorder.rs"]
#[allow(dead_code, reason = "not every suite needs every answer")]
mod recorder;
mod registry;
mod registry_check;
mod registry_gateway;
mod registry_rollouts;
mod registry_standing;
mod reported;
#[path = "../support/runner.rs"]
mod runner;
#[path = "../support/sandbox.rs"]
#[allow(dead_code, reason = "not every suite needs every value")]
mod sandbox;
mod secrets;
#[path = "../support/stores.rs"]
#[allow(dead_code, reason = "older wrappings are for another suite")]
mod stores;
mod terragrunt;
#[path = "../support/tokens.rs"]
mod tokens;
mod workload;
#[path = "../support/workspace.rs"]
#[allow(dead_code, reason = "not every suite needs every step")]
mod workspace;

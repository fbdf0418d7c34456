//! Speaks Terraform's plugin protocol, version 6.
//!
//! A host (Terraform, OpenTofu) starts the program with an invitation in its environment ([`handshake`]); the program
//! listens ([`listen`]), says where and with which certificate ([`tls`]) in one line on stdout, and answers calls
//! ([`serve`], [`side`]) until the host ends it. [`launch`] joins these.
//! A call is decoded ([`wire`]), answered by the type it is about ([`rpc`]) under the rules of [`engine`].

pub mod engine;
pub mod handshake;
pub mod launch;
pub mod listen;
pub mod log;
pub mod panic;
pub mod proto;
pub mod rpc;
pub mod serve;
pub mod side;
pub mod tls;
pub mod wire;

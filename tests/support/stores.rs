//! Keystores, read by programs that others wrote: openssl, and the Go library that cert-manager uses.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Output};

use serde::Deserialize;

use crate::helpers::helper;

/// What stands under one alias of a JKS, as base64 of DER.
#[derive(Debug, Deserialize)]
pub struct Entry {
    /// PKCS#8.
    pub key: Option<String>,
    pub certificates: Vec<String>,
}

/// What openssl tells of a PKCS#12 store, in the clear; what it complains of, if it does not open.
pub fn pkcs12(store: &[u8], password: &str) -> Result<String, String> {
    let password = format!("pass:{password}");
    told(&on_file(openssl(&["pkcs12", "-info", "-nodes", "-passin", &password, "-in"]), store, &[]))
}

/// The older wrapping of a key in PEM, by openssl.
pub fn traditional(key: &str) -> String {
    told(&on_file(openssl(&["pkey", "-traditional", "-in"]), key.as_bytes(), &[])).unwrap()
}

/// The entries of a JKS by alias; what the library complains of, if it does not open.
pub fn jks(store: &[u8], password: &str) -> Result<BTreeMap<String, Entry>, String> {
    let output = on_file(helper("keystore"), store, &[password]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    told(&output).map(|_| serde_json::from_str(&text).unwrap())
}

fn openssl(arguments: &[&str]) -> Command {
    let mut openssl = Command::new("openssl");
    openssl.args(arguments);
    openssl
}

/// What a program says that is given the content in a file, and more arguments after it.
fn on_file(mut program: Command, content: &[u8], more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("content");
    fs::write(&path, content).unwrap();
    program.arg(&path).args(more).output().expect("openssl is installed")
}

fn told(output: &Output) -> Result<String, String> {
    let text = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
    if output.status.success() { Ok(text) } else { Err(text) }
}

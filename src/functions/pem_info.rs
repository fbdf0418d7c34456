//! `pem_info`: what the certificates of a PEM text say.

use std::collections::BTreeMap;

use crate::domain::certificate::{self, Facts, moment_text};
use crate::sdk::{Arguments, Function, FunctionError, Parameter, Signature, Type, Value};

/// The function.
pub struct PemInfo;

/// What is told of each certificate as text.
const TEXTS: [&str; 8] =
    ["subject", "issuer", "serial_number", "not_before", "not_after", "fingerprint_sha256", "key_type", "renewal_id"];

impl Function for PemInfo {
    fn name(&self) -> &'static str {
        "pem_info"
    }

    fn signature(&self) -> Signature {
        let texts = TEXTS.iter().map(|name| ((*name).to_owned(), Type::String));
        let lists = ["dns_names", "ip_addresses"].map(|name| (name.to_owned(), Type::list(Type::String)));
        let facts: BTreeMap<_, _> = texts.chain(lists).chain([("is_ca".to_owned(), Type::Bool)]).collect();
        Signature {
            summary: "What the certificates of a PEM text say",
            description: "Reads all certificates of a PEM text and gives a list with an object for each, in their order: \
                `subject` and `issuer` (the common name, or the whole name where there is none), `serial_number` and \
                `fingerprint_sha256` (hexadecimal), `not_before` and `not_after` (RFC 3339), `dns_names`, `ip_addresses`, \
                `key_type` (such as `ecdsa-p256`), `is_ca`, and `renewal_id`, by which a CA is asked when to renew (RFC 9773). \
                Blocks that are no certificates, such as keys, are skipped.",
            parameters: vec![Parameter::new(
                "pem",
                Type::String,
                "The text, PEM: a certificate, a chain, a bundle of roots.",
            )],
            variadic: None,
            result: Type::list(Type::Object(facts)),
        }
    }

    fn call(&self, arguments: &Arguments<'_>) -> Result<Value, FunctionError> {
        let all = certificate::read_all(arguments.text(0)?);
        let all = all.map_err(|error| FunctionError::at(0, error.to_string()))?;
        Ok(Value::List(all.into_iter().map(told).collect()))
    }
}

fn told(facts: Facts) -> Value {
    let list = |names: Vec<String>| Value::List(names.into_iter().map(Value::from).collect());
    let maybe = |text: Option<String>| text.map_or(Value::Null, Value::from);
    Value::object([
        ("subject", Value::from(facts.subject)),
        ("issuer", Value::from(facts.issuer)),
        ("serial_number", Value::from(facts.serial_number)),
        ("not_before", Value::from(moment_text(facts.not_before))),
        ("not_after", Value::from(moment_text(facts.not_after))),
        ("fingerprint_sha256", Value::from(facts.fingerprint_sha256)),
        ("key_type", maybe(facts.key_type)),
        ("renewal_id", maybe(facts.ari_id)),
        ("dns_names", list(facts.dns_names)),
        ("ip_addresses", list(facts.ip_addresses)),
        ("is_ca", Value::from(facts.is_ca)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_certificate_is_told_in_its_order_and_as_the_signature_says() {
        let minted = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
        let bundle = format!("{}{}{}", minted.cert.pem(), minted.signing_key.serialize_pem(), minted.cert.pem());
        let result = PemInfo.call(&Arguments(&[Value::from(bundle)])).unwrap();
        let [first, second] = result.elements().unwrap() else { panic!("{result:?}") };
        assert_eq!(first, second);
        assert_eq!(first.member("dns_names"), &Value::List(vec![Value::from("a.example")]));
        assert_eq!(first.member("key_type"), &Value::from("ecdsa-p256"));
        let Type::List(element) = PemInfo.signature().result else { panic!("it is a list") };
        let Type::Object(attributes) = *element else { panic!("of objects") };
        assert!(first.members().unwrap().keys().eq(attributes.keys()));
        assert_eq!(PemInfo.call(&Arguments(&[Value::from("nothing")])).unwrap_err().argument, Some(0));
    }
}

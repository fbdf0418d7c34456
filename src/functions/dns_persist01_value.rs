//! `dns_persist01_value`: what the standing TXT record of dns-persist-01 holds.

use crate::domain::dns_persist::{Fault, record_value};
use crate::sdk::{Arguments, Function, FunctionError, Parameter, Signature, Type, Value};

/// The function.
pub struct DnsPersist01Value;

impl Function for DnsPersist01Value {
    fn name(&self) -> &'static str {
        "dns_persist01_value"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "The value of a standing proof of a name",
            description: "Gives the value of the TXT record at `_validation-persist.NAME` by which a CA may issue for an account \
                again and again (dns-persist-01, draft-ietf-acme-dns-persist): it is put there once, and renewals need no access \
                to DNS. A certificate uses it with `dns_persist01`. Where a CA's challenge names the account by another URL \
                (`accounturi`), that one belongs into the record; a failed order tells it.",
            parameters: vec![
                Parameter::new("issuer", Type::String, "The CA's domain name, as in CAA records: `letsencrypt.org`."),
                Parameter::new(
                    "account_url",
                    Type::String,
                    "The account's URL, such as `account_url` of a `berth_acme_account`.",
                ),
                Parameter::new(
                    "wildcard",
                    Type::Bool,
                    "Whether it is for the wildcard of the name as well, and so for all names that a wildcard covers. Each name below that is ordered by itself has a record of its own.",
                ),
            ],
            variadic: None,
            result: Type::String,
        }
    }

    fn call(&self, arguments: &Arguments<'_>) -> Result<Value, FunctionError> {
        let wildcard = arguments.get(2).as_bool().unwrap_or_default();
        record_value(arguments.text(0)?, arguments.text(1)?, wildcard).map(Value::from).map_err(|fault| {
            let position = usize::from(fault == Fault::Account);
            FunctionError::at(position, fault.to_string())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_value_or_blames_the_argument() {
        let call = |issuer: &str, account: &str| {
            DnsPersist01Value.call(&Arguments(&[Value::from(issuer), Value::from(account), Value::from(true)]))
        };
        let value = "ca.example; accounturi=https://ca.example/acct/1; policy=wildcard";
        assert_eq!(call("ca.example", "https://ca.example/acct/1"), Ok(Value::from(value)));
        assert_eq!(call("", "https://ca.example/acct/1").unwrap_err().argument, Some(0));
        assert_eq!(call("ca.example", "1").unwrap_err().argument, Some(1));
    }
}

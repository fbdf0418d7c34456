//! `dns01_value`: what the TXT record of a dns-01 challenge holds.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::digest::sha256;
use crate::sdk::{Arguments, Function, FunctionError, Parameter, Signature, Type, Value};

/// The function.
pub struct Dns01Value;

/// Length of a SHA-256 thumbprint in base64url.
const THUMBPRINT: usize = 43;

impl Function for Dns01Value {
    fn name(&self) -> &'static str {
        "dns01_value"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "The TXT value of a dns-01 challenge",
            description: "Gives what a CA looks for at `_acme-challenge.NAME` (RFC 8555 §8.4): base64url of the SHA-256 of \
                token, dot and thumbprint. `berth_acme_order` gives the values ready made; this is for tokens that come from \
                elsewhere.",
            parameters: vec![
                Parameter::new("token", Type::String, "The challenge's token."),
                Parameter::new(
                    "thumbprint",
                    Type::String,
                    "The thumbprint of the account's key (RFC 7638), such as `key_thumbprint` of a `berth_acme_account`.",
                ),
            ],
            variadic: None,
            result: Type::String,
        }
    }

    fn call(&self, arguments: &Arguments<'_>) -> Result<Value, FunctionError> {
        let (token, thumbprint) = (arguments.text(0)?, arguments.text(1)?);
        if token.is_empty() || !is_base64url(token) {
            return Err(FunctionError::at(0, "must be a token: base64url without padding"));
        }
        if thumbprint.len() != THUMBPRINT || !is_base64url(thumbprint) {
            return Err(FunctionError::at(
                1,
                "must be a SHA-256 thumbprint: 43 characters of base64url without padding",
            ));
        }
        Ok(Value::from(URL_SAFE_NO_PAD.encode(sha256(format!("{token}.{thumbprint}").as_bytes()))))
    }
}

fn is_base64url(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINT: &str = "9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI";

    fn call(token: &str, thumbprint: &str) -> Result<Value, FunctionError> {
        Dns01Value.call(&Arguments(&[Value::from(token), Value::from(thumbprint)]))
    }

    #[test]
    fn the_value_is_the_digest_of_the_key_authorization() {
        // printf TOKEN.PRINT | openssl dgst -sha256 -binary | basenc --base64url
        let value = call("evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA", PRINT).unwrap();
        assert_eq!(value, Value::from("lCM7cZyQXcVHK2nnW3jjAhNT3Fvm18UN-kWZZknKoYM"));
    }

    #[test]
    fn what_is_no_token_or_thumbprint_is_blamed() {
        assert_eq!(call("", PRINT).unwrap_err().argument, Some(0));
        assert_eq!(call("a.b", PRINT).unwrap_err().argument, Some(0));
        assert_eq!(call("token", "short").unwrap_err().argument, Some(1));
    }
}

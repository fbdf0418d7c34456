//! `oidc_host`: an OIDC issuer's host and path, as they stand in condition keys.

use crate::domain::irsa;
use crate::sdk::{Arguments, Function, FunctionError, Parameter, Signature, Type, Value};

/// The function.
pub struct OidcHost;

impl Function for OidcHost {
    fn name(&self) -> &'static str {
        "oidc_host"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "The host and path of an OIDC issuer",
            description: "Takes an issuer's URL, its bare host and path, or the ARN of its OIDC provider in IAM, and gives \
                host and path without the scheme, such as \
                `oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE`: what the condition keys of a trust policy begin with. A slash at \
                the end belongs to the issuer's name and stays.",
            parameters: vec![Parameter::new(
                "url_or_arn",
                Type::String,
                "The issuer's URL (`https://…`), or the ARN of the OIDC provider (`arn:aws:iam::…:oidc-provider/…`).",
            )],
            variadic: None,
            result: Type::String,
        }
    }

    fn call(&self, arguments: &Arguments<'_>) -> Result<Value, FunctionError> {
        let host = irsa::oidc_host(arguments.text(0)?).map_err(|error| FunctionError::at(0, error.to_string()))?;
        Ok(Value::from(host.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_host_or_blames_the_argument() {
        let call = |text: &str| OidcHost.call(&Arguments(&[Value::from(text)]));
        assert_eq!(call("https://oidc.example/id/A"), Ok(Value::from("oidc.example/id/A")));
        assert_eq!(call("https://oidc.example/id/A/"), Ok(Value::from("oidc.example/id/A/")));
        assert!(call("foo").is_err());
        let error = call("http://oidc.example").unwrap_err();
        assert_eq!((error.argument, error.text.contains("no `https` URL")), (Some(0), true));
    }
}

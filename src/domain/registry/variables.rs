//! The secret settings of the registry, which reach it by variables of its environment.

use std::fmt::Write as _;

use zeroize::Zeroizing;

use crate::secret::{Secret, learn};

use super::{HTTP_SECRET_KEY, Registry, Secrets, Storage};

/// Each variable with its value as the container is to see it. The access key is kept with the secrets and is none: it names who
/// asks, and messages may hold it.
pub fn variables(registry: &Registry, secrets: &Secrets) -> Vec<(&'static str, Zeroizing<String>)> {
    // Hexadecimal digits that are read back from the cluster: they mean themselves.
    let mut variables = vec![(HTTP_SECRET_KEY, Zeroizing::new(secrets.http_secret.expose().to_owned()))];
    if let Storage::S3(bucket) = &registry.storage
        && let (Some(access), Some(secret)) = (&bucket.access_key, &secrets.s3_secret_key)
    {
        variables.push(("REGISTRY_STORAGE_S3_ACCESSKEY", scalar(access)));
        variables.push(("REGISTRY_STORAGE_S3_SECRETKEY", secret_scalar(secret)));
    }
    if let (Some(_), Some(password)) = (&registry.proxy, &secrets.proxy_password) {
        variables.push(("REGISTRY_PROXY_PASSWORD", secret_scalar(password)));
    }
    variables
}

/// [`scalar`] of a secret, which is one in that form too.
fn secret_scalar(secret: &Secret) -> Zeroizing<String> {
    let quoted = scalar(secret.expose());
    learn(&quoted);
    quoted
}

/// The text as a double-quoted scalar of YAML: distribution reads each variable as a document (`configuration/parser.go`,
/// `overwriteStruct` and `overwriteMap`), so that bare text may be a number, a comment or an alias. All but plain ASCII is
/// escaped (YAML 1.1 §5.6): readers refuse some characters and fold line breaks.
fn scalar(text: &str) -> Zeroizing<String> {
    let mut quoted = Zeroizing::new(String::with_capacity(text.len() + 2));
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            _ => {
                let _infallible = write!(quoted, "\\U{:08X}", u32::from(c));
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::S3;
    use super::super::tests::{bucket, plain, secrets};
    use super::*;
    use crate::secret::hidden;

    fn read(document: &str) -> String {
        serde_saphyr::from_str(document).unwrap()
    }

    #[test]
    fn what_yaml_takes_for_something_else_arrives_as_it_was_written() {
        let traps = [
            "[wharf 7",
            "# tide 42",
            "pier: 9",
            "*buoy-3",
            "!tag",
            "@x",
            "%a1",
            "`x`",
            "'x",
            "\"x\"",
            "{x",
            "~",
            "null",
            "yes",
            "0123",
            "1e10",
            "01234567890123456789",
            "12:30:45",
            " x ",
            "",
            "a\\nb",
            "a\nb\tc",
            "---",
            "- a",
            "? a",
            "| a",
            "&x y",
        ];
        for trap in traps {
            assert_eq!(read(&scalar(trap)), trap, "{trap:?}");
        }
    }

    #[test]
    fn every_form_is_one_line_of_plain_ascii() {
        assert_eq!(
            scalar("a\"b\\c\u{e4}\u{1f600}\0\u{7f}").as_str(),
            r#""a\"b\\c\U000000E4\U0001F600\U00000000\U0000007F""#
        );
    }

    #[test]
    fn who_asks_stands_in_messages_and_with_what_does_not() {
        let bucket = S3 { access_key: Some("access-of-variables".to_owned()), ..bucket() };
        let registry = Registry { storage: Storage::S3(bucket), ..plain() };
        let secrets = Secrets { s3_secret_key: Some(Secret::new("secret-of-variables")), ..secrets() };
        let shown: Vec<String> =
            variables(&registry, &secrets).into_iter().map(|(_, value)| hidden(&value).into_owned()).collect();
        assert_eq!(shown[1..], ["\"access-of-variables\"", "(hidden)"]);
    }

    proptest! {
        #[test]
        fn any_text_arrives_as_it_was_written(text in "\\PC*|(?s).*") {
            let document = scalar(&text);
            prop_assert!(document.chars().all(|c| matches!(c, ' '..='~')));
            prop_assert_eq!(read(&document), text);
        }
    }
}

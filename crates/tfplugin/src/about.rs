//! What a provider is called, in one value that it gives to the framework.

use std::borrow::Cow;

/// The family of the framework's own codes: `SDK-005`.
const FRAMEWORK: &str = "SDK-";

/// What a provider is called. The provider's `main` makes one, and all that the framework says of the provider comes from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// The provider's name: `terraform-provider-NAME` is the program, and the names of its types begin with `NAME_`.
    pub name: &'static str,
    /// The version, without `v`.
    pub version: &'static str,
    /// The source address without a registry: `namespace/name`.
    pub source: &'static str,
    /// What the codes of its messages begin with, such as `NAME` of `NAME-SDK-005`.
    pub codes: &'static str,
    /// Further commands of the program, which its `main` does itself, as lines of the help: `name ARGUMENTS  what it does`.
    pub commands: &'static [&'static str],
}

impl About {
    /// The program and its version: `terraform-provider-NAME 1.2.3`.
    pub fn title(&self) -> String {
        format!("terraform-provider-{} {}", self.name, self.version)
    }

    /// A code as users see it: those of the framework (`SDK-005`) get the provider's prefix, all others are whole.
    pub fn code(&self, code: &'static str) -> Cow<'static, str> {
        if code.starts_with(FRAMEWORK) { format!("{}-{code}", self.codes).into() } else { code.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frameworks_codes_get_the_providers_prefix() {
        let about = About { name: "small", version: "1.2.3", source: "test/small", codes: "SMALL", commands: &[] };
        assert_eq!(about.code("SDK-005"), "SMALL-SDK-005");
        assert_eq!(about.code("SMALL-DISK-001"), "SMALL-DISK-001");
        assert_eq!(about.title(), "terraform-provider-small 1.2.3");
    }
}

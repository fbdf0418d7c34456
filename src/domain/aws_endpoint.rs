//! Which address a service of AWS is asked at, and who said so.
//!
//! Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints" (order, names of variables and sections).

use crate::env::Env;

/// The services that are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Route53.
    Route53,
    /// IAM.
    Iam,
    /// STS.
    Sts,
    /// EKS.
    Eks,
}

/// An address that is not AWS's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The URL.
    pub url: String,
    /// The attribute, variable or file that it comes from.
    pub origin: String,
}

/// What the configuration files say, as far as it matters here.
pub trait Files {
    /// A setting of the profile in use.
    fn setting(&self, key: &str) -> Option<String>;
    /// `endpoint_url` of a service in the `services` section that the profile names.
    fn of_service(&self, section: &str, service: &str) -> Option<String>;
    /// The name of the profile in use.
    fn profile(&self) -> &str;
}

impl Service {
    fn attribute(self) -> &'static str {
        match self {
            Self::Route53 => "aws.endpoints.route53",
            Self::Iam => "aws.endpoints.iam",
            Self::Sts => "aws.endpoints.sts",
            Self::Eks => "aws.endpoints.eks",
        }
    }

    fn variable(self) -> &'static str {
        match self {
            Self::Route53 => "AWS_ENDPOINT_URL_ROUTE_53",
            Self::Iam => "AWS_ENDPOINT_URL_IAM",
            Self::Sts => "AWS_ENDPOINT_URL_STS",
            Self::Eks => "AWS_ENDPOINT_URL_EKS",
        }
    }

    /// The names in a `services` section: the documented one first.
    fn sections(self) -> &'static [&'static str] {
        match self {
            Self::Route53 => &["route_53", "route-53", "route53"],
            Self::Iam => &["iam"],
            Self::Sts => &["sts"],
            Self::Eks => &["eks"],
        }
    }

    /// The address; `None` for AWS's own.
    pub fn endpoint(self, block: Option<&str>, env: &Env, files: &impl Files) -> Option<Endpoint> {
        let given = |url: &str, origin: String| Some(Endpoint { url: url.to_owned(), origin });
        if let Some(url) = block.filter(|url| !url.is_empty()) {
            return given(url, format!("`{}`", self.attribute()));
        }
        let says_yes = |value: Option<&str>| value.is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let of_profile = |key: &str| files.setting(key).filter(|value| !value.is_empty());
        if says_yes(env.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))
            || says_yes(of_profile("ignore_configured_endpoint_urls").as_deref())
        {
            return None;
        }
        if let Some((name, url)) = env.first(&[self.variable(), "AWS_ENDPOINT_URL"]) {
            return given(url, format!("the environment variable {name}"));
        }
        if let Some(section) = of_profile("services") {
            let named = self.sections().iter().find_map(|name| Some((name, files.of_service(&section, name)?)));
            if let Some((name, url)) = named {
                return given(
                    &url,
                    format!("`{name}` in the section `services {section}` of AWS's configuration file"),
                );
            }
        }
        let url = of_profile("endpoint_url")?;
        given(&url, format!("`endpoint_url` of the profile `{}`", files.profile()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Profile(&'static [(&'static str, &'static str)]);

    impl Files for Profile {
        fn setting(&self, key: &str) -> Option<String> {
            self.0.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned())
        }
        fn of_service(&self, section: &str, service: &str) -> Option<String> {
            self.setting(&format!("{section}/{service}"))
        }
        fn profile(&self) -> &'static str {
            "p"
        }
    }

    #[test]
    fn the_nearest_that_names_an_address_counts_and_is_told() {
        let all = Profile(&[("services", "s"), ("s/route_53", "http://section"), ("endpoint_url", "http://profile")]);
        let variables = [("AWS_ENDPOINT_URL_ROUTE_53", "http://own"), ("AWS_ENDPOINT_URL", "http://all")];
        let env = |from: usize| variables.iter().skip(from).copied().collect::<Env>();
        let told = |block: Option<&str>, env: &Env, files: &Profile| {
            let found = Service::Route53.endpoint(block, env, files);
            found.map_or_else(|| "AWS's own".to_owned(), |it| format!("{} by {}", it.url, it.origin))
        };
        assert_eq!(told(Some("http://block"), &env(0), &all), "http://block by `aws.endpoints.route53`");
        assert_eq!(told(Some(""), &env(0), &all), "http://own by the environment variable AWS_ENDPOINT_URL_ROUTE_53");
        assert_eq!(told(None, &env(1), &all), "http://all by the environment variable AWS_ENDPOINT_URL");
        let section = "http://section by `route_53` in the section `services s` of AWS's configuration file";
        assert_eq!(told(None, &env(2), &all), section);
        let without = Profile(&[("services", "s"), ("endpoint_url", "http://profile")]);
        assert_eq!(told(None, &env(2), &without), "http://profile by `endpoint_url` of the profile `p`");
        assert_eq!(told(None, &env(2), &Profile(&[])), "AWS's own");
        let ignoring = Profile(&[("ignore_configured_endpoint_urls", "true"), ("endpoint_url", "http://profile")]);
        assert_eq!(told(None, &env(0), &ignoring), "AWS's own");
        assert_eq!(told(Some("http://block"), &env(0), &ignoring), "http://block by `aws.endpoints.route53`");
    }
}

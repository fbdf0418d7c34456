//! What a user declares of a Gateway.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::provider::checks::{annotation_keys, host_pattern, label, subdomain};
use crate::sdk::{Check, Model, check};

/// A Gateway.
#[derive(Clone, Debug, Default, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct Gateway {
    /// The Gateway, which must exist; its listener has the certificate, and must admit routes of the registry's namespace
    /// (`allowedRoutes`).
    pub parent: Parent,
    /// Names beside `host` that the route answers to, such as `*.example.com`: at most 15.
    #[attr(check = host_pattern(), check = check::at_most(15))]
    pub hostnames: Option<Vec<String>>,
    /// The port that clients come to, for `url`: that of the load balancer before the Gateway, where it is not the listener's.
    /// Default: `443`, or `80` with `external_tls = false`.
    #[attr(check = check::range(1, 65_535))]
    pub port: Option<i64>,
    /// How long requests may take.
    pub timeouts: Option<RouteTimeouts>,
    /// Annotations of the `HTTPRoute`.
    #[attr(check = annotation_keys())]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// Where a Gateway is.
#[derive(Clone, Debug, Default, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct Parent {
    /// Its name.
    #[attr(check = subdomain())]
    pub name: String,
    /// Its namespace. Default: the registry's.
    #[attr(check = label())]
    pub namespace: Option<String>,
    /// The one listener that clients shall come by, such as that of HTTPS. Default: all that admit the route.
    #[attr(check = subdomain())]
    pub section_name: Option<String>,
}

/// How long requests may take. A layer is one request, of whatever size.
#[derive(Clone, Debug, Default, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct RouteTimeouts {
    /// A request as a whole: `15m`, `1h30m`; `0s` is no limit, and an empty text leaves the field out, for Gateways that
    /// do not take it. Default `0s`: Envoy would end each after 15 seconds.
    #[attr(default = "0s", check = route_duration())]
    pub request: String,
    /// One try of it. It may not be longer than `request`. Default: what the Gateway has.
    #[attr(check = route_duration())]
    pub backend_request: Option<String>,
}

/// A duration as the Gateway API has it (GEP-2257): one to four numbers of up to five digits, each with `h`, `m`, `s` or `ms`.
fn route_duration() -> Check {
    check::text("must be a duration such as `15m` or `0s`", |text| match milliseconds(text) {
        Some(_) => Ok(()),
        None if text.is_empty() => Ok(()),
        None => Err(format!(
            "must be a duration of the Gateway API such as `15m`, `1h30m` or `0s`: up to four whole numbers of five digits, \
             each with h, m, s or ms; and is `{text}`"
        )),
    })
}

/// How long such a duration is.
pub fn milliseconds(text: &str) -> Option<u64> {
    let (mut rest, mut sum, mut parts) = (text, 0, 0);
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, after) = rest.split_at(digits);
        let unit = after.find(|letter: char| letter.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let factor = match unit {
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1_000,
            "ms" => 1,
            _ => return None,
        };
        if number.is_empty() || number.len() > 5 {
            return None;
        }
        sum += number.parse::<u64>().ok()? * factor;
        parts += 1;
        rest = after;
    }
    (1..=4).contains(&parts).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_that_the_gateway_api_takes() {
        for (text, length) in [
            ("0s", 0),
            ("15m", 900_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("1s500ms", 1_500),
            ("99999h", 359_996_400_000),
        ] {
            assert_eq!(milliseconds(text), Some(length), "{text}");
        }
        for text in ["", "15", "1.5s", "-1s", "1d", "100000s", "1h1m1s1ms1h", "s", " 1s"] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }
}

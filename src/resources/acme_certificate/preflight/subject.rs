//! What is to be ordered, as far as a plan knows it.

use crate::clients::acme::Method;
use crate::domain::certificate_name::{canonical, normalize_address};
use crate::domain::dns::zone::Visibility;
use crate::resources::acme_certificate::http01::Http01;
use crate::resources::acme_certificate::model::{Certificate, Dns01, DnsPersist01};
use crate::sdk::{Attr, Set, Value, View};

/// An order that is to come.
#[derive(Debug, Default)]
pub struct Subject {
    /// The CA's directory.
    pub directory_url: Option<String>,
    /// The account's URL.
    pub account_url: Option<String>,
    /// The names that are known, without addresses.
    pub names: Vec<Subdomain>,
    /// Who publishes the TXT records, and where.
    pub publisher: Publisher,
}

/// One name of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subdomain {
    /// The name without its star.
    pub domain: String,
    /// Whether it has one.
    pub wildcard: bool,
    /// How it is proved; `None` if that is not known yet.
    pub method: Option<Method>,
}

/// Who publishes TXT records.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Publisher {
    /// The provider, by these settings.
    Berth(Box<Dns01>),
    /// The user, by any means.
    User,
    /// Not known yet, or nobody has to.
    #[default]
    Open,
}

impl Subdomain {
    /// The name as the certificate has it.
    pub fn title(&self) -> String {
        if self.wildcard { format!("*.{}", self.domain) } else { self.domain.clone() }
    }
}

impl Subject {
    /// What a certificate orders; `None` if another resource makes its order, which looks for itself.
    pub fn of_certificate(planned: View<'_>) -> Option<Self> {
        if !planned.at("order").is_null() {
            return None;
        }
        let dns01 = settled::<Dns01>(planned, "dns01");
        let settings = proofs(planned);
        let method = |name: &str, wildcard| settings.as_ref().map(|model| model.method(name, wildcard));
        let publisher = match dns01 {
            Ok(given) => {
                let model = Certificate { dns01: given, ..Certificate::default() };
                Publisher::Berth(Box::new(model.dns01()))
            }
            Err(Unsettled) => Publisher::Open,
        };
        Some(Self { publisher, ..Self::of(planned, method) })
    }

    /// What an order orders whose challenges the user publishes.
    pub fn of_order(planned: View<'_>) -> Self {
        let method = match planned.text("challenge") {
            Some("dns-01") => Some(Method::Dns01),
            Some("http-01") => Some(Method::Http01),
            _ => None,
        };
        Self { publisher: Publisher::User, ..Self::of(planned, |_, _| method) }
    }

    fn of(planned: View<'_>, method: impl Fn(&str, bool) -> Option<Method>) -> Self {
        let text = |name: &str| planned.text(name).map(str::to_owned);
        let known = planned.at("dns_names").known().and_then(Value::elements).unwrap_or_default();
        let names = canonical(known.iter().filter_map(Value::as_str)).into_iter().map(|name| {
            let (domain, wildcard) = name.strip_prefix("*.").map_or((name.as_str(), false), |domain| (domain, true));
            Subdomain { domain: domain.to_owned(), wildcard, method: method(domain, wildcard) }
        });
        let names = names.filter(|name| normalize_address(&name.domain).is_err()).collect();
        let (directory_url, account_url) = (text("directory_url"), text("account_url"));
        Self { directory_url, account_url, names, publisher: Publisher::Open }
    }

    /// The domains that are proved by one method, each once.
    pub fn domains(&self, method: Method) -> Vec<&str> {
        let mut domains: Vec<_> =
            self.names.iter().filter(|name| name.method == Some(method)).map(|name| name.domain.as_str()).collect();
        domains.sort_unstable();
        domains.dedup();
        domains
    }

    /// The settings by which the provider publishes TXT records.
    pub fn dns01(&self) -> Option<&Dns01> {
        match &self.publisher {
            Publisher::Berth(settings) => Some(settings),
            Publisher::User | Publisher::Open => None,
        }
    }
}

impl Dns01 {
    /// Which zones hold the names.
    pub fn visibility(&self) -> Visibility {
        if self.zone_visibility == "private" { Visibility::Private } else { Visibility::Public }
    }
}

/// A part of a value is not known yet.
struct Unsettled;

/// What stands at an attribute, if it is null or known with all its parts.
fn settled<T: Attr>(planned: View<'_>, name: &str) -> Result<Option<T>, Unsettled> {
    if planned.at(name).is_null() {
        return Ok(None);
    }
    planned.read::<T>(name).map(Some).ok_or(Unsettled)
}

/// The settings that tell how a name is proved, if all of them are known.
fn proofs(planned: View<'_>) -> Option<Certificate> {
    let dns01 = planned.at("dns01");
    if dns01.is_unknown() {
        return None;
    }
    Some(Certificate {
        // That it is there is all that counts, not where its records go.
        dns01: dns01.is_given().then(Dns01::default),
        http01: settled::<Http01>(planned, "http01").ok()?,
        dns_persist01: settled::<DnsPersist01>(planned, "dns_persist01").ok()?,
        dns_names: Set::default(),
        ..Certificate::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(subject: &Subject) -> Vec<(String, Option<Method>)> {
        subject.names.iter().map(|name| (name.title(), name.method)).collect()
    }

    fn set(all: Vec<Value>) -> (&'static str, Value) {
        ("dns_names", Value::set(all))
    }

    #[test]
    fn what_is_unknown_is_left_out_and_the_rest_is_looked_at() {
        let planned = Value::object([
            set(vec![Value::from("*.A.example"), Value::Unknown, Value::from("b.example")]),
            ("account_url", Value::Unknown),
            ("directory_url", Value::from("https://ca/dir")),
            ("dns01", Value::object([("zone_id", Value::Unknown)])),
        ]);
        let subject = Subject::of_certificate(View::new(&planned)).unwrap();
        let dns01 = Some(Method::Dns01);
        assert_eq!(names(&subject), [("*.a.example".to_owned(), dns01), ("b.example".to_owned(), dns01)]);
        assert_eq!((subject.account_url, subject.publisher), (None, Publisher::Open));
        assert_eq!(subject.directory_url.as_deref(), Some("https://ca/dir"));
    }

    #[test]
    fn an_open_choice_of_the_method_is_no_method() {
        let planned = |http01| Value::object([set(vec![Value::from("a.example")]), ("http01", http01)]);
        let method = |http01| {
            let planned = planned(http01);
            Subject::of_certificate(View::new(&planned)).unwrap().names.remove(0).method
        };
        assert_eq!(method(Value::Unknown), None);
        assert_eq!(method(Value::Null), Some(Method::Dns01));
        assert!(Subject::of_certificate(View::new(&Value::object([("order", Value::Unknown)]))).is_none());
        let order = Value::object([set(vec![Value::from("a.example")]), ("challenge", Value::from("http-01"))]);
        let order = Subject::of_order(View::new(&order));
        assert_eq!(order.domains(Method::Http01), ["a.example"]);
        assert_eq!(order.publisher, Publisher::User);
    }
}

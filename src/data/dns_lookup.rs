//! `berth_dns_lookup`: what DNS says about a name, by resolver or by the zone's own servers.

use crate::clients::dns::{Heard, parse_resolver};
use crate::domain::dns::{DnsName, RecordType};
use crate::provider::{Berth, Cx};
use crate::resources::dns_record::checks;
use crate::sdk::{Check, Computed, Data, Diagnostics, Explanation, Meta, Model, ReadTimeouts, Result, View, check};

/// The data source.
pub struct DnsLookup;

/// What is asked and answered.
#[derive(Clone, Debug, Model)]
pub struct DnsLookupModel {
    /// The name to ask about.
    #[attr(check = checks::dns_name())]
    pub name: String,
    /// The type to ask for, such as `A`, `TXT` or `CAA`. Default `A`.
    #[attr(default = "A", check = checks::record_type())]
    pub r#type: String,
    /// Recursive resolvers to ask in turn, as `IP` or `IP:PORT`. Absent, those of the provider's `dns` block, else the
    /// machine's.
    #[attr(check = resolver(), check = check::at_least(1))]
    pub resolvers: Option<Vec<String>>,
    /// Whether to ask each of the zone's own servers directly, past all caches; the resolvers are then asked only for the
    /// servers. Default `false`.
    #[attr(default = false)]
    pub authoritative: bool,
    /// Whether it is an error that there is no such record. Default `false`: then `found` tells.
    #[attr(default = false)]
    pub must_exist: bool,
    /// Whether there is a record of this type.
    pub found: Computed<bool>,
    /// The values, sorted; TXT as plain text. Empty without a record.
    pub values: Computed<Vec<String>>,
    /// The response code: `NOERROR`, `NXDOMAIN` (the name does not exist), `SERVFAIL`, `REFUSED` and so on.
    pub rcode: Computed<String>,
    /// How long the answer may be kept, in seconds, as the server said; empty without a record.
    pub ttl: Computed<i64>,
    /// What each server said: one resolver, or all of the zone's servers that answered.
    pub servers: Computed<Vec<ServerModel>>,
    /// How long reading may take.
    pub timeouts: Option<ReadTimeouts>,
}

/// What one server said.
#[derive(Clone, Debug, Model)]
pub struct ServerModel {
    /// The server's name or address.
    pub server: String,
    /// Its response code.
    pub rcode: String,
    /// Its values, sorted.
    pub values: Vec<String>,
}

impl Data<Berth> for DnsLookup {
    type Model = DnsLookupModel;

    const NAME: &'static str = "berth_dns_lookup";

    const META: Meta = Meta::new(
        "DNS",
        "Asks DNS about a name. That a name or a record does not exist is an answer, not an error. Asked authoritatively, all \
         of the zone's servers are compared, and a disagreement is told as a warning.",
    );

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        let kind = config.text("type").and_then(|kind| kind.parse::<RecordType>().ok());
        if kind == Some(RecordType::Spf) {
            let step = "ask for `TXT`: SPF policies are TXT records (RFC 7208 §3.1)";
            found.error(&Explanation::new("BERTH-DNS-009", "`SPF` records cannot be asked for").next(step).at("type"));
        }
    }

    async fn read(&self, cx: &Cx, model: &mut DnsLookupModel) -> Result<()> {
        let what = format!("Cannot look up the {} record `{}`", model.r#type.to_ascii_uppercase(), model.name);
        let Some((name, kind)) = DnsName::parse(&model.name).ok().zip(model.r#type.parse::<RecordType>().ok()) else {
            return Err(Explanation::new("BERTH-DNS-009", what).next("correct name and type").at("name"));
        };
        let mut dns = cx.provider().dns()?;
        if let Some(resolvers) = &model.resolvers {
            let addresses = resolvers.iter().map(|text| parse_resolver(text)).collect::<std::result::Result<_, _>>();
            dns = dns.asking(addresses.map_err(|error| error.explain(&what).at("resolvers"))?);
        }
        let heard = if model.authoritative {
            dns.ask_authoritative(name.as_str(), kind, cx.budget()).await
        } else {
            dns.ask(name.as_str(), kind, cx.budget()).await.map(|heard| vec![heard])
        };
        let heard = heard.map_err(|error| error.explain(&what))?;
        if disagree(&heard) {
            let step =
                "wait until the zone's changes are on all of its servers, and read again; `servers` holds each answer";
            let headline = format!("The servers of `{name}` do not agree");
            cx.warn(&Explanation::new("BERTH-DNS-010", headline).said("Each server", list(&heard)).next(step));
        }
        if model.must_exist && heard.iter().all(|heard| heard.values.is_empty()) {
            let step = "make the record first, or set `must_exist = false` and use `found`";
            return Err(Explanation::new("BERTH-DNS-008", what).on(name.as_str()).said("DNS", list(&heard)).next(step));
        }
        fill(model, heard);
        Ok(())
    }
}

/// The first server that has values speaks for all.
fn fill(model: &mut DnsLookupModel, heard: Vec<Heard>) {
    let speaker = heard.iter().find(|heard| !heard.values.is_empty()).or(heard.first());
    model.found.set(speaker.is_some_and(|heard| !heard.values.is_empty()));
    model.values.set(speaker.map(|heard| heard.values.clone()).unwrap_or_default());
    model.rcode.set(speaker.map(|heard| heard.rcode.clone()));
    model.ttl.set(speaker.and_then(|heard| heard.ttl).map(i64::from));
    let servers = heard.into_iter().map(|Heard { server, rcode, values, .. }| ServerModel { server, rcode, values });
    model.servers.set(servers.collect::<Vec<_>>());
}

fn disagree(heard: &[Heard]) -> bool {
    heard.windows(2).any(|two| matches!(two, [one, other] if one.values != other.values || one.rcode != other.rcode))
}

fn list(heard: &[Heard]) -> String {
    let one = |heard: &Heard| format!("{}: {} {}", heard.server, heard.rcode, heard.values.join(", "));
    heard.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// A resolver's address.
fn resolver() -> Check {
    check::text("must be `IP` or `IP:PORT`", |text| match parse_resolver(text) {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("must be `IP` or `IP:PORT`, and is `{text}`")),
    })
}

//! A hosted zone of a test's own. Only moto knows it: the sandbox's DNS server does not serve it.

use berth::domain::dns::{DnsName, RecordKey, RecordSet, RecordType, ZoneId};

use super::{Account, unique};
use crate::sandbox;

/// The zone.
pub struct OwnZone {
    pub id: ZoneId,
    pub name: String,
}

impl OwnZone {
    /// A public zone of a new name.
    pub fn new(prefix: &str) -> Self {
        Self::named(&format!("{}.test", unique(prefix)), false)
    }

    /// A zone of this name, which others may have too.
    pub fn named(name: &str, private: bool) -> Self {
        let vpc = "<VPC><VPCRegion>us-east-1</VPCRegion><VPCId>vpc-1</VPCId></VPC>";
        let config = "<HostedZoneConfig><Comment>x</Comment><PrivateZone>true</PrivateZone></HostedZoneConfig>";
        let (vpc, config) = if private { (vpc, config) } else { ("", "") };
        let body = format!(
            "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Name>{name}</Name>{vpc}\
             <CallerReference>{}</CallerReference>{config}</CreateHostedZoneRequest>",
            unique(name)
        );
        let answer = post("hostedzone", &body);
        let id = answer.split("<Id>").nth(1).and_then(|rest| rest.split("</Id>").next()).expect(&answer);
        Self { id: ZoneId::new(id), name: name.to_owned() }
    }

    /// One record set of the zone, as it is now.
    pub fn live(&self, label: &str, kind: RecordType) -> Option<RecordSet> {
        let account = Account::open();
        let name = self.name_of(label);
        let key = RecordKey { name, kind, set_identifier: None };
        let found = async { account.open_route53().await.record(&Account::budget(), &self.id, &key).await.unwrap() };
        account.runtime.block_on(found)
    }

    /// The whole name of a label; of none, the zone's own.
    fn name_of(&self, label: &str) -> DnsName {
        let name = if label.is_empty() { self.name.clone() } else { format!("{label}.{}", self.name) };
        DnsName::parse(&name).unwrap()
    }

    /// Whether the zone has the record.
    pub fn has(&self, label: &str, kind: RecordType) -> bool {
        self.live(label, kind).is_some()
    }

    /// Writes a record behind the provider's back.
    pub fn put(&self, label: &str, kind: RecordType, value: &str) {
        let account = Account::open();
        let name = DnsName::parse(&format!("{label}.{}", self.name)).unwrap();
        let set = RecordSet::simple(name, kind, 300, vec![value.to_owned()]);
        let written = async { account.open_route53().await.upsert(&Account::budget(), &self.id, set).await };
        account.runtime.block_on(written).unwrap();
    }

    /// Removes a record behind the provider's back.
    pub fn remove(&self, label: &str, kind: RecordType) {
        let account = Account::open();
        let name = DnsName::parse(&format!("{label}.{}", self.name)).unwrap();
        let key = RecordKey { name, kind, set_identifier: None };
        let removed = async { account.open_route53().await.delete(&Account::budget(), &self.id, &key).await };
        account.runtime.block_on(removed).unwrap();
    }
}

/// A health check, by its id.
pub fn health_check() -> String {
    let body = format!(
        "<CreateHealthCheckRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><CallerReference>{}\
         </CallerReference><HealthCheckConfig><IPAddress>192.0.2.1</IPAddress><Port>443</Port><Type>TCP</Type>\
         </HealthCheckConfig></CreateHealthCheckRequest>",
        unique("check")
    );
    let answer = post("healthcheck", &body);
    answer.split("<Id>").nth(1).and_then(|rest| rest.split("</Id>").next()).expect(&answer).to_owned()
}

fn post(path: &str, body: &str) -> String {
    let url = format!("{}/2013-04-01/{path}", sandbox::value("AWS_ENDPOINT_URL"));
    let scope =
        "AWS4-HMAC-SHA256 Credential=test/20200101/us-east-1/route53/aws4_request, SignedHeaders=host, Signature=0";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let request = reqwest::Client::new().post(url).header("authorization", scope).body(body.to_owned());
        request.send().await.unwrap().text().await.unwrap()
    })
}

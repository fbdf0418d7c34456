//! Challenge records in the sandbox's zone, by the plain API: a second opinion beside the provider's own client.

use std::collections::BTreeMap;

use aws_sdk_route53::Client;
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};
use berth::clients::acme::issue::{Publisher, TxtRecord};
use berth::explain::Explanation;
use berth::retry::Budget;
use tokio::sync::Mutex;

/// Keeps the values of each name and writes them as a whole.
pub struct Route53Publisher {
    client: Client,
    zone_id: String,
    values: Mutex<BTreeMap<String, Vec<String>>>,
}

impl Route53Publisher {
    pub async fn connect(zone_id: String) -> Self {
        let client = Client::new(&aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await);
        Self { client, zone_id, values: Mutex::default() }
    }

    /// The values that Route53 has at a name.
    pub async fn values(&self, name: &str) -> Vec<String> {
        let listed = self.client.list_resource_record_sets().hosted_zone_id(&self.zone_id).send().await.unwrap();
        let owner = format!("{name}.");
        let sets =
            listed.resource_record_sets().iter().filter(|set| set.name() == owner && *set.r#type() == RrType::Txt);
        sets.flat_map(ResourceRecordSet::resource_records).map(|record| record.value().replace('"', "")).collect()
    }

    /// Points a name at another.
    pub async fn cname(&self, name: &str, target: &str) {
        self.change(ChangeAction::Upsert, record_set(name, RrType::Cname, &[target.to_owned()])).await;
    }

    async fn change(&self, action: ChangeAction, set: ResourceRecordSet) {
        let change = Change::builder().action(action).resource_record_set(set).build().unwrap();
        let batch = ChangeBatch::builder().changes(change).build().unwrap();
        let request = self.client.change_resource_record_sets().hosted_zone_id(&self.zone_id).change_batch(batch);
        request.send().await.unwrap();
    }

    fn quoted(values: &[String]) -> Vec<String> {
        values.iter().map(|value| format!("\"{value}\"")).collect()
    }
}

fn record_set(name: &str, kind: RrType, values: &[String]) -> ResourceRecordSet {
    let records = values.iter().map(|value| ResourceRecord::builder().value(value).build().unwrap()).collect();
    ResourceRecordSet::builder().name(name).r#type(kind).ttl(1).set_resource_records(Some(records)).build().unwrap()
}

impl Publisher for Route53Publisher {
    async fn publish(&self, record: &TxtRecord, _: &Budget) -> Result<(), Explanation> {
        let mut values = self.values.lock().await;
        let here = values.entry(record.name.clone()).or_default();
        here.push(record.value.clone());
        self.change(ChangeAction::Upsert, record_set(&record.name, RrType::Txt, &Self::quoted(here))).await;
        Ok(())
    }

    async fn withdraw(&self, record: &TxtRecord, _: &Budget) -> Result<(), Explanation> {
        let mut values = self.values.lock().await;
        let here = values.entry(record.name.clone()).or_default();
        let before = here.clone();
        here.retain(|value| *value != record.value);
        let left = here.clone();
        if before == left {
            return Ok(());
        }
        let (action, values) =
            if left.is_empty() { (ChangeAction::Delete, before) } else { (ChangeAction::Upsert, left) };
        self.change(action, record_set(&record.name, RrType::Txt, &Self::quoted(&values))).await;
        Ok(())
    }
}

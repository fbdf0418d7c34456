//! Mistakes of a manifest that can be told without a cluster.

use crate::domain::manifest::{self, Mistake};
use crate::explain::Explanation;
use crate::resources::objects::content::{Content, Source, told};
use crate::sdk::{Diagnostics, Secret, Seen, Value, View};

use super::model::attribute;

/// How many mistakes are told at once.
const TOLD: usize = 20;

const WHAT: &str = "The manifest cannot be applied";

/// Tests what is known of a configuration.
pub fn check(config: View<'_>, found: &mut Diagnostics) {
    if config.at("yaml").is_null() && config.at("secrets_yaml_wo").is_null() {
        let what = "`yaml` or `secrets_yaml_wo` must be given";
        found.error(&Explanation::new("BERTH-K8S-085", what).next("give documents, one at least").at("yaml"));
        return;
    }
    wait_for(config, found);
    let Some(content) = read(config, found) else { return };
    let is_known = !config.at("yaml").is_unknown() && !config.at("secrets_yaml_wo").is_unknown();
    if content.is_empty() && is_known {
        let what = format!("{WHAT}: no document is in it");
        found.error(&Explanation::new("BERTH-K8S-085", what).next("give documents, one at least").at("yaml"));
    }
    for item in content.open().iter().filter(|item| item.has_secret_data()) {
        let what = format!("{WHAT}: the document in line {} holds content of a Secret", item.line);
        let told = Explanation::new("BERTH-K8S-084", what).on(item.reference().to_string());
        found.error(
            &told
                .next(
                    "move the document to `secrets_yaml_wo`, which is not stored, and set `secrets_yaml_wo_version`: `yaml` lies \
                     in the state",
                )
                .at("yaml"),
        );
    }
}

/// What is known of both texts; a mistake is told.
fn read(config: View<'_>, found: &mut Diagnostics) -> Option<Content> {
    let namespace = config.text("namespace").unwrap_or("default");
    let secret = config.text("secrets_yaml_wo").map(Secret::new);
    match Content::read(config.text("yaml"), secret.as_ref(), namespace) {
        Ok(content) => Some(content),
        Err(first) => {
            let mut all = all_mistakes(config.text("yaml"), secret.as_ref());
            if all.is_empty() {
                all.push(first);
            }
            for (mistake, source) in &all {
                found.error(&told(mistake, WHAT, attribute(*source)));
            }
            None
        }
    }
}

/// Each document's mistake, up to so many that they can be read.
fn all_mistakes(open: Option<&str>, secret: Option<&Secret>) -> Vec<(Mistake, Source)> {
    let of = |text: &str, source| manifest::mistakes(text).into_iter().map(move |mistake| (mistake, source));
    let open = of(open.unwrap_or_default(), Source::Open);
    open.chain(of(secret.map_or("", Secret::expose), Source::Secret)).take(TOLD).collect()
}

fn wait_for(config: View<'_>, found: &mut Diagnostics) {
    let Seen::Known(wishes) = config.at("wait_for") else { return };
    for (index, wish) in wishes.elements().into_iter().flatten().enumerate() {
        let wish = View::new(wish);
        let is_open = |name: &str| !wish.at(name).is_null();
        let is_address = !matches!(wish.at("address"), Seen::Null | Seen::Known(Value::Bool(false)));
        if wish.value().members().is_some() && !is_open("condition") && !is_open("field") && !is_address {
            let what = "An element of `wait_for` does not say what is waited for";
            let next = "give it a `condition`, a `field`, or `address = true`";
            found.error(&Explanation::new("BERTH-K8S-087", what).next(next).at(format!("wait_for[{index}]")));
        }
    }
}

//! What can be told before anything is ordered. It only warns, and asks nothing if nothing is to be issued.

use std::time::Duration;

use crate::clients::acme::AcmeError;
use crate::provider::Cx;
use crate::sdk::Plan;

/// How long a CA that does not answer may hold up a plan.
const PATIENCE: Duration = Duration::from_secs(5);

/// Holds the profile against the CA's list.
pub async fn profile(cx: &Cx, plan: &mut Plan<'_>) {
    if cx.provider().is_offline() || !plan.planned().at("serial_number").is_unknown() {
        return;
    }
    let (Some(profile), Some(url)) = (plan.planned().text("profile"), plan.planned().text("directory_url")) else {
        return;
    };
    let Ok(ca) = cx.provider().acme(url, cx.clock()).await else { return };
    let checked = match cx.budget().at_most(PATIENCE).run(ca.directory()).await {
        Ok(directory) => directory.and_then(|directory| directory.check_profile(profile)),
        Err(stopped) => {
            let doing = "the CA's directory is read".to_owned();
            Err(AcmeError::Stopped { doing, last: None, stopped, order: None })
        }
    };
    if let Err(error) = checked {
        let what = format!("Cannot confirm that the CA at {url} offers the profile `{profile}`");
        plan.warn(&error.explain(what).at("profile"));
    }
}

//! IAM's operations in our own types; nothing else touches its SDK.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_iam::Client;
use aws_sdk_iam::types as sdk;
use tokio::time::Instant;

use super::types::{ManagedPolicy, Role};
use crate::clients::aws::call::{call, making_call};
use crate::clients::aws::error::{AwsError, failure};
use crate::clients::aws::window::Window;
use crate::retry::Budget;

const SERVICE: &str = "iam";
/// Entries a page: the most that IAM gives.
const PAGE: i32 = 1000;

type Result<T> = std::result::Result<T, AwsError>;

/// Sends a request of one operation in its turn, again where that helps.
macro_rules! ask {
    ($api:expr, $budget:expr, $operation:literal, $request:expr) => {
        ask!(call, $api, $budget, $operation, $request)
    };
    ($call:ident, $api:expr, $budget:expr, $operation:literal, $request:expr) => {
        $call($budget, Some(&*$api.pace), async || {
            let request = $request;
            request.send().await.map_err(|error| failure(SERVICE, $operation, &error))
        })
        .await
    };
}

/// The same for a request that makes something.
macro_rules! make {
    ($api:expr, $budget:expr, $operation:literal, $request:expr) => {
        ask!(making_call, $api, $budget, $operation, $request)
    };
}

/// Gathers all pages of a listing.
macro_rules! pages {
    ($api:expr, $budget:expr, $operation:literal, $request:expr, $page:ident => $take:expr) => {{
        let mut marker = None;
        loop {
            let $page = ask!($api, $budget, $operation, $request.max_items(PAGE).set_marker(marker.clone()))?;
            marker = $page.marker.clone().filter(|_| $page.is_truncated);
            $take;
            if marker.is_none() {
                break;
            }
        }
    }};
}

mod convert;
mod policies;
mod providers;
mod roles;

/// The account's IAM.
#[derive(Clone, Debug)]
pub(super) struct Api {
    client: Client,
    pace: Arc<Window>,
}

/// All roles and all of the account's own policies.
#[derive(Debug)]
pub(super) struct Account {
    /// When they were asked for.
    pub(super) taken: Instant,
    pub(super) roles: BTreeMap<String, Role>,
    pub(super) policies: BTreeMap<String, ManagedPolicy>,
}

impl Api {
    pub(super) fn new(config: &SdkConfig, endpoint: Option<&str>, requests_per_second: u32) -> Self {
        Self { client: client!(aws_sdk_iam, config, endpoint), pace: Arc::new(Window::new(requests_per_second)) }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The account in a few large pages. Descriptions and session lengths are only in `ListRoles`.
    ///
    /// None, once that took more pages than `worth` says: then it is cheaper to read what is wanted one by one.
    pub(super) async fn account(&self, budget: &Budget, worth: impl Fn() -> usize) -> Result<Option<Account>> {
        let mut account = Account { taken: Instant::now(), roles: BTreeMap::new(), policies: BTreeMap::new() };
        let mut pages = 0;
        pages!(
            self,
            budget,
            "GetAccountAuthorizationDetails",
            self.client
                .get_account_authorization_details()
                .filter(sdk::EntityType::Role)
                .filter(sdk::EntityType::LocalManagedPolicy),
            page => {
                pages += 1;
                if pages > worth() {
                    return Ok(None);
                }
                let roles = page.role_detail_list.unwrap_or_default().into_iter().map(convert::role_of_detail);
                account.roles.extend(roles.map(|role| (role.name.clone(), role)));
                let policies = page.policies.unwrap_or_default().into_iter().map(convert::policy_of_detail);
                account.policies.extend(policies.map(|policy| (policy.arn.clone(), policy)));
            }
        );
        pages!(self, budget, "ListRoles", self.client.list_roles(), page => for role in page.roles {
            if let Some(known) = account.roles.get_mut(&role.role_name) {
                known.description = role.description.unwrap_or_default();
                known.max_session_duration = convert::session(role.max_session_duration);
            }
        });
        Ok(Some(account))
    }
}

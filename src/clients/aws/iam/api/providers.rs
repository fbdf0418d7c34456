//! OIDC providers, their audiences, thumbprints and tags.

use super::convert::{empty, tags_of_sdk, tags_to_sdk};
use super::{Api, Result, SERVICE, call, failure, making_call};
use crate::clients::aws::iam::types::{NewProvider, OidcProvider};
use crate::domain::tags::Tags;
use crate::retry::Budget;

impl Api {
    pub(in super::super) async fn create_provider(&self, budget: &Budget, provider: &NewProvider) -> Result<String> {
        let answer = make!(self, budget, "CreateOpenIDConnectProvider", {
            let request = self.client.create_open_id_connect_provider().url(&provider.url);
            let request = request.set_client_id_list(Some(provider.client_ids.iter().cloned().collect()));
            let thumbprints = Some(provider.thumbprints.clone()).filter(|list| !list.is_empty());
            let request = request.set_thumbprint_list(thumbprints);
            request.set_tags(tags_to_sdk("CreateOpenIDConnectProvider", &provider.tags)?)
        })?;
        answer.open_id_connect_provider_arn.ok_or_else(|| empty("CreateOpenIDConnectProvider"))
    }

    pub(in super::super) async fn provider_arns(&self, budget: &Budget) -> Result<Vec<String>> {
        let answer = ask!(self, budget, "ListOpenIDConnectProviders", self.client.list_open_id_connect_providers())?;
        let listed = answer.open_id_connect_provider_list.unwrap_or_default();
        Ok(listed.into_iter().filter_map(|entry| entry.arn).collect())
    }

    pub(in super::super) async fn provider(&self, budget: &Budget, arn: &str) -> Result<OidcProvider> {
        let request = || self.client.get_open_id_connect_provider().open_id_connect_provider_arn(arn);
        let answer = ask!(self, budget, "GetOpenIDConnectProvider", request())?;
        Ok(OidcProvider {
            arn: arn.to_owned(),
            url: answer.url.unwrap_or_default(),
            client_ids: answer.client_id_list.unwrap_or_default().into_iter().collect(),
            thumbprints: answer.thumbprint_list.unwrap_or_default(),
            tags: tags_of_sdk(answer.tags),
        })
    }

    pub(in super::super) async fn add_client_id(&self, budget: &Budget, arn: &str, client: &str) -> Result<()> {
        let request = || self.client.add_client_id_to_open_id_connect_provider().open_id_connect_provider_arn(arn);
        ask!(self, budget, "AddClientIDToOpenIDConnectProvider", request().client_id(client)).map(drop)
    }

    pub(in super::super) async fn remove_client_id(&self, budget: &Budget, arn: &str, client: &str) -> Result<()> {
        let request = || self.client.remove_client_id_from_open_id_connect_provider().open_id_connect_provider_arn(arn);
        ask!(self, budget, "RemoveClientIDFromOpenIDConnectProvider", request().client_id(client)).map(drop)
    }

    pub(in super::super) async fn update_thumbprints(
        &self,
        budget: &Budget,
        arn: &str,
        thumbprints: &[String],
    ) -> Result<()> {
        let request = || self.client.update_open_id_connect_provider_thumbprint().open_id_connect_provider_arn(arn);
        let thumbprints = Some(thumbprints.to_vec());
        ask!(self, budget, "UpdateOpenIDConnectProviderThumbprint", request().set_thumbprint_list(thumbprints.clone()))
            .map(drop)
    }

    pub(in super::super) async fn tag_provider(&self, budget: &Budget, arn: &str, tags: &Tags) -> Result<()> {
        ask!(self, budget, "TagOpenIDConnectProvider", {
            let request = self.client.tag_open_id_connect_provider().open_id_connect_provider_arn(arn);
            request.set_tags(tags_to_sdk("TagOpenIDConnectProvider", tags)?)
        })
        .map(drop)
    }

    pub(in super::super) async fn untag_provider(&self, budget: &Budget, arn: &str, keys: &[String]) -> Result<()> {
        let request = || self.client.untag_open_id_connect_provider().open_id_connect_provider_arn(arn);
        ask!(self, budget, "UntagOpenIDConnectProvider", request().set_tag_keys(Some(keys.to_vec()))).map(drop)
    }

    pub(in super::super) async fn delete_provider(&self, budget: &Budget, arn: &str) -> Result<()> {
        let request = || self.client.delete_open_id_connect_provider().open_id_connect_provider_arn(arn);
        ask!(self, budget, "DeleteOpenIDConnectProvider", request()).map(drop)
    }
}

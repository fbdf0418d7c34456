//! `berth_catalog`: the repositories of a registry.

use crate::clients::oci::Subject;
use crate::provider::checks::registry_host;
use crate::provider::{Berth, Cx};
use crate::sdk::{Computed, Data, Meta, Model, ReadTimeouts, Result};

/// The data source.
pub struct Catalog;

/// What is asked and found.
#[derive(Clone, Debug, Model)]
pub struct CatalogModel {
    /// The registry, as `HOST` or `HOST:PORT`. It is spoken to by HTTPS.
    #[attr(check = registry_host())]
    pub host: String,
    /// Only repositories that begin with this, such as `team-a/`.
    pub prefix: Option<String>,
    /// The repositories, sorted. A registry keeps the name of one whose last image was deleted.
    pub repositories: Computed<Vec<String>>,
    /// How long reading may take.
    pub timeouts: Option<ReadTimeouts>,
}

impl Data<Berth> for Catalog {
    type Model = CatalogModel;

    const NAME: &'static str = "berth_catalog";

    const META: Meta = Meta::new(
        "Images and charts",
        "The repositories of a registry, as far as the login may list them. Registries of your own have such a list; Docker Hub and \
         other public ones do not.",
    );

    async fn read(&self, cx: &Cx, model: &mut CatalogModel) -> Result<()> {
        let what = format!("Cannot list the repositories of `{}`", model.host);
        let registry = cx.provider().oci((&model.host, ""), "host").await?;
        let subject = Subject { registry: &model.host, attribute: "host", has_login: registry.has_login() };
        let listed = registry.catalog(cx.budget()).await;
        let mut all = listed.map_err(|error| error.explain(what, subject))?;
        all.retain(|name| model.prefix.as_deref().is_none_or(|prefix| name.starts_with(prefix)));
        all.sort();
        all.dedup();
        model.repositories.set(all);
        Ok(())
    }
}

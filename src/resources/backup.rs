//! `berth_cert_manager_backup`: what cert-manager holds, kept in a Secret, and put back from one.

mod identity;
mod model;
mod restoring;
mod taking;

use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::{Claim, Tenure, is_terminating};
use crate::explain::Explanation;
use crate::provider::{Berth, Cx};
use crate::resources::missing::Missing;
use crate::resources::tenancy;
use crate::sdk::{Import, Limits, Meta, Plan, Resource, Result, Seen};

pub use model::Declared;

/// The application's name in claims.
const APPLICATION: &str = "cert-manager-backup";

/// The note of the private state: the digest of what was written.
const WRITTEN: &str = "written";

/// What a backup consists of.
const OUTCOME: [&str; 2] = ["digest", "objects"];

/// The resource.
pub struct CertManagerBackup;

impl Resource<Berth> for CertManagerBackup {
    type Model = Declared;

    const NAME: &'static str = "berth_cert_manager_backup";

    const META: Meta = Meta {
        import_id: "NAMESPACE/NAME of the Secret",
        limits: Limits::minutes(10),
        ..Meta::new(
            "Certificates",
            "A backup of what cert-manager holds: issuers, Certificates, the keys of ACME accounts, credentials of DNS providers, and \
             on wish the certificates themselves with their keys. It is packed into a Secret, best of a namespace that few may read: \
             it holds keys. None of it reaches the state or a plan.\n\n\
             It is taken when the resource is made or changed, and anew whenever `triggers` change or somebody has changed the Secret. \
             With `restore = true`, the resource puts back what lies in the Secret instead: Secrets first, then issuers, then \
             Certificates, in this cluster or in another to which the Secret was copied. What exists already is left as it is, unless \
             `overwrite` is set. With `issued` among `include`, cert-manager finds its certificates and issues nothing anew.\n\n\
             A destroy takes a backup's Secret away; what was restored stays.",
        )
    };

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        let is_changed = match (plan.prior().at("digest"), cx.recall::<String>(WRITTEN)) {
            (Seen::Known(found), Some(written)) => found.as_str() != Some(written.as_str()),
            _ => false,
        };
        if plan.is_create() || plan.is_change() || is_changed {
            plan.leave_open(&OUTCOME);
        }
        let place = ["secret.namespace", "secret.name"].map(|it| plan.planned().text(it).map(str::to_owned));
        if let ([Some(namespace), Some(name)], Some(false)) = (place, plan.planned().truth("restore")) {
            let secret = ObjectRef::secret(&namespace, &name);
            tenancy::plan(cx, plan, std::slice::from_ref(&secret), "secret");
            let claim = claim(&secret, cx.known_owner());
            tenancy::look(cx, plan, &claim, &[secret], "secret").await;
            let missing = Missing { what: "The backup cannot be written", namespaces: "secret", accounts: "secret" };
            for told in missing.look(cx, &[namespace], &[]).await {
                plan.warn(&told);
            }
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut Declared) -> Result<()> {
        bring_about(cx, model, true).await
    }

    async fn read(&self, cx: &Cx, mut model: Declared) -> Result<Option<Declared>> {
        if model.restore {
            return Ok(Some(model));
        }
        let secret = model.secret.reference();
        let what = format!("Cannot read the backup `{secret}`");
        let found = cx.provider().cluster()?.get(cx.budget(), &secret).await.map_err(|error| error.explain(what))?;
        let Some(found) = found.filter(|found| !is_terminating(found)) else { return Ok(None) };
        tenancy::recover(cx, &secret, Some(&found));
        if claim(&secret, cx.known_owner()).tenure(&found) != Tenure::Ours {
            return Ok(None);
        }
        model.digest.set(taking::content(&found).map(|bytes| taking::digest(&bytes)));
        Ok(Some(model))
    }

    async fn update(&self, cx: &Cx, _prior: &Declared, model: &mut Declared) -> Result<()> {
        bring_about(cx, model, false).await
    }

    async fn delete(&self, cx: &Cx, model: Declared) -> Result<()> {
        if model.restore {
            return Ok(());
        }
        let secret = model.secret.reference();
        let what = format!("Cannot remove the backup `{secret}`");
        let owner = tenancy::recovered(cx, std::slice::from_ref(&secret), &what).await?;
        let cluster = cx.provider().cluster()?;
        let removal = cluster.delete_own(cx.budget(), &secret, &claim(&secret, owner)).await;
        let removal = removal.map_err(|error| error.explain(&what))?;
        tenancy::tell_left(cx, &what, [(secret.clone(), removal)]);
        tenancy::release(cx, &secret);
        Ok(())
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<Declared>> {
        let what = format!("Cannot import the backup `{id}`");
        let Some((namespace, name)) =
            id.split_once('/').filter(|(namespace, name)| !namespace.is_empty() && !name.is_empty())
        else {
            return Err(Explanation::new("BERTH-CM-013", what).next("write the id as NAMESPACE/NAME of the Secret"));
        };
        let secret = ObjectRef::secret(namespace, name);
        let found = cx.provider().cluster()?.get(cx.budget(), &secret).await.map_err(|error| error.explain(&what))?;
        let backup = found.as_ref().and_then(taking::content).map(|bytes| taking::read(&bytes, &what)).transpose()?;
        let (Some(found), Some(backup)) = (found, backup) else {
            return Err(Explanation::new("BERTH-CM-013", what)
                .on(format!("{secret}, which holds no backup"))
                .next("correct the id"));
        };
        tenancy::take_over(cx, &found);
        Ok(Import(Declared::imported(&secret, &backup)))
    }
}

fn claim(secret: &ObjectRef, owner: Option<crate::owner::Owner>) -> Claim {
    Claim::intended(APPLICATION, &secret.name, owner, secret.clone())
}

async fn bring_about(cx: &Cx, model: &mut Declared, is_new: bool) -> Result<()> {
    if model.restore { restoring::put_back(cx, model).await } else { taking::take(cx, model, is_new).await }
}

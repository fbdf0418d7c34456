//! `berth_cert_manager_backup`: what cert-manager holds, kept in a Secret, and put back from one.

mod gathering;
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
use crate::sdk::{Import, Limits, Meta, Plan, Resource, Result};

pub use model::Declared;

/// The application's name in claims.
const APPLICATION: &str = "cert-manager-backup";

/// The note of the private state: the digest of what was written.
const WRITTEN: &str = "written";

/// What a backup consists of.
const OUTCOME: [&str; 2] = ["digest", "objects"];

/// What has a backup taken anew when it changes, and what has it put back anew.
const TAKEN_FOR: [&str; 6] = ["secret", "restore", "namespaces", "include", "controller_namespace", "triggers"];
const RESTORED_FOR: [&str; 2] = ["former", "overwrite"];

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
             The one before it stays beside it in the Secret if both fit; one that would have nothing any more is refused. What is not \
             there, a Secret that an issuer needs or a namespace that is named, is a warning.\n\n\
             With `restore = true`, the resource puts back what lies in the Secret instead: Secrets first, then issuers, then \
             Certificates, in this cluster or in another to which the Secret was copied. What exists in another form is left as it \
             is, and told, unless `overwrite` is set. With `issued` among `include`, cert-manager finds its certificates and issues \
             nothing anew. What `berth_issuer` and `berth_certificate` have declared still belongs to them: their state finds it \
             again, and another state imports it. Certificates that an Ingress or a Gateway has made are not kept, since it makes them \
             anew; their Secrets are.\n\n\
             A destroy takes a backup's Secret away; what was restored stays, and the Secret of a restore too.",
        )
    };

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        let restores = plan.planned().truth("restore");
        let is_due = is_due(cx, plan, restores);
        if is_due {
            plan.leave_open(&OUTCOME);
        } else {
            plan.keep(&OUTCOME);
        }
        let place = ["secret.namespace", "secret.name"].map(|it| plan.planned().text(it).map(str::to_owned));
        let [Some(namespace), Some(name)] = place else { return Ok(()) };
        let secret = ObjectRef::secret(&namespace, &name);
        match restores {
            Some(true) if is_due => restoring::foresee(cx, plan, &secret).await,
            Some(false) => foresee(cx, plan, &secret).await,
            _ => {}
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
        model.digest.set(taking::content(&found, taking::KEY).map(|bytes| taking::digest(&bytes)));
        Ok(Some(model))
    }

    async fn update(&self, cx: &Cx, prior: &Declared, model: &mut Declared) -> Result<()> {
        // Nothing is due where the plan knows the outcome.
        if !model.digest.is_unknown() {
            return Ok(());
        }
        bring_about(cx, model, prior.restore).await
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
        let bytes = found.as_ref().and_then(|found| taking::content(found, taking::KEY));
        let (Some(found), Some(bytes)) = (found, bytes) else {
            return Err(Explanation::new("BERTH-CM-013", what)
                .on(format!("{secret}, which holds no backup"))
                .next("correct the id"));
        };
        let backup = taking::read(&bytes, &what)?;
        if claim(&secret, None).tenure(&found) == Tenure::Foreign {
            return Err(Explanation::new("BERTH-CM-013", what)
                .on(format!("{secret}, which was not written by a berth_cert_manager_backup: it is a copy of one"))
                .next(
                    "restore = true reads it without an import; a backup of its own needs a Secret of another name",
                ));
        }
        tenancy::take_over(cx, &found);
        let digest = taking::digest(&bytes);
        cx.remember(WRITTEN, &digest);
        Ok(Import(Declared::imported(&secret, &backup, digest)))
    }
}

/// Whether an apply has something to take, or to put back. A backup is taken anew too when its Secret is not as it was written.
fn is_due(cx: &Cx, plan: &Plan<'_>, restores: Option<bool>) -> bool {
    let parts = TAKEN_FOR.iter().chain(RESTORED_FOR.iter().filter(|_| restores != Some(false)));
    if plan.is_create() || parts.into_iter().any(|part| plan.changes(part)) {
        return true;
    }
    let was_taken = plan.prior().truth("restore") == Some(false);
    was_taken && cx.recall::<String>(WRITTEN).is_some_and(|written| plan.prior().text("digest") != Some(&written))
}

/// Warns in a plan of a backup of what it cannot be written for, and of namespaces that it will lack.
async fn foresee(cx: &Cx, plan: &mut Plan<'_>, secret: &ObjectRef) {
    tenancy::plan(cx, plan, std::slice::from_ref(secret), "secret");
    let claim = claim(secret, cx.known_owner());
    tenancy::look(cx, plan, &claim, std::slice::from_ref(secret), "secret").await;
    let missing = Missing { what: "The backup cannot be written", namespaces: "secret", accounts: "secret" };
    let place: Vec<String> = secret.namespace.clone().into_iter().collect();
    let mut told = missing.look(cx, &place, &[]).await;
    let named: Vec<String> = plan.planned().read("namespaces").unwrap_or_default();
    let missing =
        Missing { what: "The backup will lack a namespace", namespaces: "namespaces", accounts: "namespaces" };
    told.extend(missing.look(cx, &named, &[]).await);
    for told in told {
        plan.warn(&told);
    }
}

fn claim(secret: &ObjectRef, owner: Option<crate::owner::Owner>) -> Claim {
    Claim::intended(APPLICATION, &secret.name, owner, secret.clone())
}

async fn bring_about(cx: &Cx, model: &mut Declared, is_new: bool) -> Result<()> {
    if model.restore { restoring::put_back(cx, model).await } else { taking::take(cx, model, is_new).await }
}

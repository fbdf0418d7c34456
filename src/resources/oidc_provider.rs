//! `berth_oidc_provider`: lets IAM trust the tokens of a cluster's service accounts.

mod identity;
mod list;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use url::Url;

use crate::clients::aws::iam::{NewProvider, OidcProvider as Live};
use crate::clients::aws::{Aws, AwsError, OF_A_REPLACEMENT};
use crate::clients::oidc;
use crate::domain::irsa::arn;
use crate::domain::irsa::thumbprint::in_small_letters;
use crate::domain::irsa::{AUDIENCE, oidc_host, oidc_provider_arn, same_thumbprints};
use crate::domain::tags::{self, Tags};
use crate::provider::{Berth, Cx};
use crate::resources::irsa_role::preflight::{self, elsewhere};
use crate::resources::{aws_look, aws_tags};
use crate::retry::Budget;
use crate::sdk::{
    Computed, Diagnostics, Explanation, Import, Meta, Model, MoveSource, Plan, Resource, Result, Set, Timeouts, Value,
    View, check,
};

/// How long it may take to ask who we are, for a message.
const IDENTITY: Duration = Duration::from_secs(5);

/// The resource.
pub struct OidcProvider;

/// An OIDC provider in IAM.
#[derive(Clone, Debug, Model)]
pub struct OidcProviderModel {
    /// The issuer's URL, `https://…`, as the cluster's `iss` claim has it, at most 255 characters. A slash at the end belongs
    /// to it: IAM keeps `https://issuer.example` and `https://issuer.example/` apart. A change replaces the provider.
    #[attr(replace, check = issuer_check(), check = check::length(1, 255), equal = same_issuer)]
    pub url: String,
    /// The audiences that tokens may be made for. Changed in place. Default `["sts.amazonaws.com"]`.
    #[attr(default = vec![AUDIENCE.to_owned()], check = audience_check())]
    pub client_ids: Set<String>,
    /// SHA-1 fingerprints of the certificate authority that the issuer's TLS certificate comes from, 40 hexadecimal
    /// digits each in any case, 5 at most. Absent, it is read when the provider is made, by AWS's rule: the last certificate that the
    /// server of the issuer's `jwks_uri` presents. An issuer that cannot be reached from here is left to IAM, which then
    /// reads it itself, and for issuers with a certificate of a public authority, EKS among them, does not need it.
    /// Changed in place.
    #[attr(optional, keep, check = thumbprint_check(), check = at_most_thumbprints(), equal = same_digits)]
    pub thumbprints: Computed<Vec<String>>,
    /// Tags, beside the provider's `default_tags`. Changed in place.
    #[attr(check = aws_tags::check())]
    pub tags: Option<BTreeMap<String, String>>,
    /// All tags of the object: `tags` and the provider's `default_tags`.
    pub tags_all: Computed<BTreeMap<String, String>>,
    /// The provider's ARN.
    #[attr(keep)]
    pub arn: Computed<String>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

impl Resource<Berth> for OidcProvider {
    type Model = OidcProviderModel;

    const NAME: &'static str = "berth_oidc_provider";

    const META: Meta = Meta {
        import_id: "ARN_OR_URL",
        ..Meta::new(
            "Identity",
            "Registers a cluster's OIDC issuer with IAM, so that its service accounts can assume roles. An account has at \
             most one provider for an issuer: one that exists already is not taken over silently but can be imported, and \
             a `moved` block takes over an `aws_iam_openid_connect_provider`.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        let host = config.text("url").and_then(|url| oidc_host(url).ok());
        if host.is_some_and(|host| arn::has_port(&host)) {
            let explanation = Explanation::new("BERTH-AWS-036", "The issuer's URL names a port");
            let explanation = explanation.said("AWS's documentation", "the URL should not contain a port number");
            found.warning(&explanation.next("take an issuer without one, if IAM refuses it").at("url"));
        }
        if config.at("client_ids").known().and_then(Value::elements).is_some_and(<[Value]>::is_empty) {
            let explanation = Explanation::new("BERTH-AWS-036", "The provider has no audience");
            let step = "name at least one, such as `sts.amazonaws.com`: no token can be exchanged without";
            found.warning(&explanation.next(step).at("client_ids"));
        }
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        aws_tags::plan(cx, plan, aws_tags::Keys::Cased)?;
        let Some(host) = plan.planned().text("url").and_then(|url| oidc_host(url).ok()) else { return Ok(()) };
        if let Some(arn) = plan.prior().text("arn") {
            cx.provider().holdings().note_own(arn);
        }
        if plan.is_create() {
            cx.provider().holdings().plan(&preflight::planned(&host));
            let is_plain = plan.planned().text("url") == Some(&format!("https://{host}")) && !arn::has_port(&host);
            if is_plain && let Some(who) = aws_look::identity(cx).await {
                let arn = oidc_provider_arn(&who.partition, &who.account, &host);
                plan.set("arn", arn.as_str().into());
                preflight::existing_provider(cx, plan, &arn).await;
            }
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut OidcProviderModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        let mut wanted = wanted(cx, model)?;
        is_as_planned(cx, aws, model).await?;
        if model.thumbprints.is_unknown() {
            wanted.thumbprints = read_thumbprint(cx, model).await;
        }
        let arn = match aws.iam().await.create_provider(cx.budget(), &wanted).await {
            Ok(arn) => arn,
            Err(error @ AwsError::AlreadyExists(_)) => return Err(taken(aws, &model.url, &error).await),
            Err(error) => return Err(not_made(aws, model, &error).await),
        };
        cx.exists();
        model.arn.set(arn.clone());
        model.tags_all.set(wanted.tags);
        if model.thumbprints.is_unknown() {
            model.thumbprints.set(found_thumbprints(cx, aws, model, &arn).await);
        }
        Ok(())
    }

    async fn read(&self, cx: &Cx, mut model: OidcProviderModel) -> Result<Option<OidcProviderModel>> {
        let aws = cx.provider().aws()?;
        let arn = model.arn.get().cloned().unwrap_or_default();
        cx.provider().holdings().note_own(&arn);
        match aws.iam().await.provider(cx.budget(), &arn).await {
            Ok(None) => Ok(None),
            Ok(Some(live)) => {
                fill(aws_tags::defaults(cx)?, &mut model, live);
                Ok(Some(model))
            }
            Err(error) => Err(failed(aws, "read", &model, &error).await),
        }
    }

    async fn update(&self, cx: &Cx, prior: &OidcProviderModel, model: &mut OidcProviderModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        let (iam, wanted) = (aws.iam().await, wanted(cx, model)?);
        let arn = prior.arn.get().cloned().unwrap_or_default();
        let changed = async {
            let Some(live) = iam.provider(cx.budget(), &arn).await? else {
                return iam.create_provider(cx.budget(), &wanted).await.map(drop);
            };
            iam.update_provider(cx.budget(), &live, &wanted).await
        };
        if let Err(error) = changed.await {
            return Err(failed(aws, "change", model, &error).await);
        }
        model.arn.set(arn);
        model.tags_all.set(wanted.tags);
        if model.thumbprints.is_unknown() {
            model.thumbprints = prior.thumbprints.clone();
        }
        Ok(())
    }

    async fn delete(&self, cx: &Cx, model: OidcProviderModel) -> Result<()> {
        let Some(arn) = model.arn.get() else { return Ok(()) };
        let aws = cx.provider().aws()?;
        cx.provider().holdings().note_own(arn);
        let leaves = aws.iam().await.provider_leaves(arn);
        match aws.iam().await.delete_provider(cx.budget(), arn).await {
            Ok(()) => {
                leaves.completed();
                Ok(())
            }
            Err(error) => Err(failed(aws, "delete", &model, &error).await),
        }
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<OidcProviderModel>> {
        let what = format!("Cannot import the OIDC provider `{id}`");
        let aws = cx.provider().aws()?;
        let Ok(host) = oidc_host(id) else {
            let step = "give its ARN (`arn:aws:iam::ACCOUNT:oidc-provider/HOST/PATH`) or its URL";
            return Err(Explanation::new("BERTH-AWS-020", what).next(step));
        };
        let arn = if id.starts_with("arn:") {
            id.to_owned()
        } else {
            match aws.identity(cx.budget()).await {
                Ok(who) => oidc_provider_arn(&who.partition, &who.account, &host),
                Err(error) => return Err(aws.explained(&error, what, "the account").await),
            }
        };
        let live = match aws.iam().await.provider(cx.budget(), &arn).await {
            Ok(Some(live)) => live,
            Ok(None) => {
                let step =
                    "check the ARN and the account: `aws iam list-open-id-connect-providers` lists those there are";
                return Err(Explanation::new("BERTH-AWS-006", what)
                    .on(arn)
                    .said("IAM", "there is no such provider")
                    .next(step));
            }
            Err(error) => return Err(aws.explained(&error, what, &arn).await),
        };
        let mut model = bare(&host, arn);
        fill(aws_tags::defaults(cx)?, &mut model, live);
        Ok(Import(model))
    }

    fn moved(&self, source: &MoveSource) -> Option<Result<OidcProviderModel>> {
        let known = source.r#type == "aws_iam_openid_connect_provider" && source.provider.ends_with("hashicorp/aws");
        known.then(|| from_aws(source))
    }
}

/// A plan may have told the ARN: then the provider must not be made in another account.
async fn is_as_planned(cx: &Cx, aws: &Aws, model: &OidcProviderModel) -> Result<()> {
    let Some(planned) = model.arn.get() else { return Ok(()) };
    match aws.identity(cx.budget()).await {
        Ok(who) if arn::account_of(planned) == Some(who.account.as_str()) => Ok(()),
        Ok(who) => Err(elsewhere("OIDC provider", planned, &who.account)),
        Err(error) => Err(failed(aws, "create", model, &error).await),
    }
}

/// A provider that nobody declared yet. IAM names its issuer without the scheme.
fn bare(url: &str, arn: String) -> OidcProviderModel {
    OidcProviderModel {
        url: format!("https://{}", url.trim_start_matches("https://")),
        client_ids: Set::default(),
        thumbprints: Computed::Unknown,
        tags: None,
        tags_all: Computed::Unknown,
        arn: Computed::Known(arn),
        timeouts: None,
    }
}

/// The state of an `aws_iam_openid_connect_provider`, schema version 0, as far as we need it.
#[derive(Debug, Deserialize)]
struct AwsProvider {
    arn: String,
    url: String,
    client_id_list: Vec<String>,
    thumbprint_list: Option<Vec<String>>,
    tags: Option<Tags>,
    tags_all: Option<Tags>,
}

fn from_aws(source: &MoveSource) -> Result<OidcProviderModel> {
    let unknown = |fault: String| {
        Explanation::new("BERTH-AWS-026", "Cannot take over the state of an `aws_iam_openid_connect_provider`")
            .said("The provider", fault)
            .next("import the provider by its ARN instead, and remove the old resource from state")
    };
    if source.version != 0 {
        return Err(unknown(format!("its version is {}; known is 0", source.version)));
    }
    let old: AwsProvider = serde_json::from_value(source.state.clone()).map_err(|error| unknown(error.to_string()))?;
    let issuer = oidc_host(&old.arn).unwrap_or(old.url);
    let mut model = bare(&issuer, old.arn);
    model.client_ids = old.client_id_list.into_iter().collect();
    model.thumbprints.set(old.thumbprint_list.unwrap_or_default());
    model.tags = old.tags.clone().filter(|tags| !tags.is_empty());
    model.tags_all.set(old.tags_all.or(old.tags).unwrap_or_default());
    Ok(model)
}

/// The thumbprints that IAM found by itself. The provider is made: what cannot be read now is read by the next refresh.
async fn found_thumbprints(cx: &Cx, aws: &Aws, model: &OidcProviderModel, arn: &str) -> Vec<String> {
    match aws.iam().await.provider(cx.budget(), arn).await {
        Ok(live) => live.map(|live| live.thumbprints).unwrap_or_default(),
        Err(error) => {
            let step = "nothing: the provider is made and in the state, and the next refresh reads them";
            cx.warn(&failed(aws, "read the thumbprints of", model, &error).await.next(step).at("thumbprints"));
            Vec::new()
        }
    }
}

/// The issuer's thumbprint; none, and a warning, if its server cannot be reached from here.
async fn read_thumbprint(cx: &Cx, model: &OidcProviderModel) -> Vec<String> {
    let Ok(issuer) = Url::parse(&model.url) else { return Vec::new() };
    match oidc::thumbprint(cx.provider().network(), cx.budget(), &issuer).await {
        Ok(thumbprint) => vec![thumbprint],
        Err(error) => {
            let what = format!("The certificate of the issuer `{}` could not be read from here", model.url);
            let explanation = Explanation::new("BERTH-AWS-028", what).said("The connection", error.to_string());
            let step = "nothing, if AWS can reach the issuer: IAM reads it itself; else set `thumbprints`";
            cx.warn(&explanation.next(step).at("thumbprints"));
            Vec::new()
        }
    }
}

fn wanted(cx: &Cx, model: &OidcProviderModel) -> Result<NewProvider> {
    Ok(NewProvider {
        url: model.url.clone(),
        client_ids: model.client_ids.iter().cloned().collect(),
        thumbprints: in_small_letters(model.thumbprints.get().map(Vec::as_slice).unwrap_or_default()),
        tags: tags::merged(aws_tags::defaults(cx)?, model.tags.as_ref()),
    })
}

fn fill(defaults: &Tags, model: &mut OidcProviderModel, live: Live) {
    model.client_ids = live.client_ids.into_iter().collect();
    model.thumbprints.set(live.thumbprints);
    model.tags = tags::own_part(&live.tags, defaults, model.tags.as_ref());
    model.tags_all.set(tags::without_those_of_aws(&live.tags));
}

async fn failed(aws: &Aws, verb: &str, model: &OidcProviderModel, error: &AwsError) -> Explanation {
    let object = model.arn.get().unwrap_or(&model.url);
    aws.explained(error, format!("Cannot {verb} the OIDC provider of `{}`", model.url), object).await
}

/// Names the provider that is there already by its ARN, ready for an import.
async fn taken(aws: &Aws, url: &str, error: &AwsError) -> Explanation {
    let arn = arn_for(aws, url).await;
    error
        .explain(format!("Cannot create the OIDC provider of `{url}`"), &arn)
        .next(format!(
            "import the one that exists: `terraform import berth_oidc_provider.NAME {arn}`; {OF_A_REPLACEMENT}; \
             nothing was changed"
        ))
        .at("url")
}

/// A provider that could not be made. Where AWS did not answer, it may be there all the same.
async fn not_made(aws: &Aws, model: &OidcProviderModel, error: &AwsError) -> Explanation {
    let explanation = failed(aws, "create", model, error).await;
    if !error.may_pass() {
        return explanation;
    }
    let arn = arn_for(aws, &model.url).await;
    explanation.next(format!(
        "apply again; if the provider exists already then, this run made it: `terraform import berth_oidc_provider.NAME {arn}`"
    ))
}

/// The ARN that the provider of an issuer has in this account.
async fn arn_for(aws: &Aws, url: &str) -> String {
    // After an interrupt too: the message is of little use without it.
    let budget = Budget::for_cleanup(IDENTITY);
    match (aws.identity(&budget).await, oidc_host(url)) {
        (Ok(who), Ok(host)) => oidc_provider_arn(&who.partition, &who.account, &host),
        _ => "arn:aws:iam::ACCOUNT:oidc-provider/HOST/PATH".to_owned(),
    }
}

fn issuer_check() -> crate::sdk::Check {
    check::text("must be an `https` URL without query and fragment", |url| match oidc_host(url) {
        Ok(_) if url.trim().to_ascii_lowercase().starts_with("https://") => Ok(()),
        Ok(_) => Err(format!("must be an `https` URL, and is `{url}`")),
        Err(error) => Err(format!("must be an `https` URL without query and fragment: {error}")),
    })
}

/// IAM's `clientIDType`.
fn audience_check() -> crate::sdk::Check {
    check::length(1, 255)
}

/// "IAM lets you have up to five thumbprints for an OIDC provider"
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html>).
fn at_most_thumbprints() -> crate::sdk::Check {
    const MOST: usize = 5;
    crate::sdk::Check::new("must hold at most 5 fingerprints", |value| match value.elements().map(<[Value]>::len) {
        Some(count) if count > MOST => Err(format!("must hold at most {MOST} fingerprints, and holds {count}")),
        _ => Ok(()),
    })
}

fn thumbprint_check() -> crate::sdk::Check {
    check::text("must hold SHA-1 fingerprints of 40 hexadecimal digits", |thumbprint| {
        let good = thumbprint.len() == 40 && thumbprint.bytes().all(|digit| digit.is_ascii_hexdigit());
        if good {
            Ok(())
        } else {
            Err(format!("must hold SHA-1 fingerprints of 40 hexadecimal digits, and holds `{thumbprint}`"))
        }
    })
}

fn same_digits(mine: &Value, theirs: &Value) -> bool {
    let texts = |value: &Value| -> Option<Vec<String>> {
        value.elements()?.iter().map(|element| element.as_str().map(str::to_owned)).collect()
    };
    texts(mine).zip(texts(theirs)).is_some_and(|(mine, theirs)| same_thumbprints(&mine, &theirs))
}

fn same_issuer(mine: &Value, theirs: &Value) -> bool {
    let host = |value: &Value| value.as_str().and_then(|url| oidc_host(url).ok());
    host(mine).is_some() && host(mine) == host(theirs)
}

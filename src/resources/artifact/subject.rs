//! What an artifact is attached to: named by a digest or a reference, and described by the registry.

use crate::clients::oci::{Subject as About, is_silence, patiently};
use crate::domain::image::ImageReference;
use crate::domain::oci::artifact::Subject;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::sdk::{Check, Plan, Result, Value, check};

use super::super::oci_tag::{LOOKING, QUESTION, by_digest, not_there_yet};
use super::Declared;
use super::place::Place;

/// The attribute that names it.
const ATTRIBUTE: &str = "subject";

/// The note of what the subject is: a manifest names its type and size too.
pub const NOTE: &str = "subject";

/// What a subject may be.
pub fn subject() -> Check {
    check::text("must be a digest, `HOST/PATH@sha256:…` or `HOST/PATH:TAG`", |text| read(text).map(|_| ()))
}

/// A digest alone, or a name with a tag or a digest.
enum Named {
    Digest(String),
    Image(ImageReference),
}

fn read(text: &str) -> std::result::Result<Named, String> {
    let wrong = |why: &str| format!("must be a digest, `HOST/PATH@sha256:…` or `HOST/PATH:TAG`, and {why}");
    if text.starts_with("sha256:") {
        let image = format!("registry.invalid/any@{text}").parse::<ImageReference>();
        return image.map(|_| Named::Digest(text.to_owned())).map_err(|fault| wrong(&fault.to_string()));
    }
    let image: ImageReference = text.parse().map_err(|fault: crate::domain::image::Fault| wrong(&fault.to_string()))?;
    if image.tag.is_none() && image.digest.is_none() {
        return Err(wrong("names neither"));
    }
    Ok(Named::Image(image))
}

/// The digest that a text names.
fn digest_in(text: &str) -> Option<String> {
    match read(text).ok()? {
        Named::Digest(digest) => Some(digest),
        Named::Image(image) => image.digest,
    }
}

/// Whether two texts name the same manifest.
pub fn same_subject(one: &Value, other: &Value) -> bool {
    let digest = |value: &Value| digest_in(value.as_str()?);
    matches!((digest(one), digest(other)), (Some(one), Some(other)) if one == other)
}

/// The tag or digest in the repository of a place that a text names.
///
/// # Errors
/// It is in another repository, in words that complete "The value …".
pub fn reference_at(place: &Place, text: &str) -> std::result::Result<String, String> {
    let image = match read(text)? {
        Named::Digest(digest) => return Ok(digest),
        Named::Image(image) => image,
    };
    if (image.registry.as_str(), image.repository.as_str()) != place.repository() {
        return Err(format!(
            "must be in the repository that is pushed to, {}/{}, and is in {}/{}",
            place.registry, place.repository, image.registry, image.repository
        ));
    }
    Ok(image.digest.or(image.tag).unwrap_or_default())
}

/// What a plan knows of the subject.
pub enum Described {
    /// There is none.
    None,
    /// This.
    Known(Subject),
    /// Nothing yet.
    Open,
}

/// What is known of the subject before an apply: noted, or looked up by its digest.
///
/// # Errors
/// It is in another repository.
pub async fn foresee(cx: &Cx, plan: &mut Plan<'_>, model: &Declared) -> Result<Described> {
    let (Some(text), Ok(place)) = (&model.subject, model.destination.parse::<Place>()) else {
        return Ok(Described::None);
    };
    let reference = reference_at(&place, text).map_err(|why| {
        let what = format!("Cannot push the artifact `{}`", model.destination);
        Explanation::new("BERTH-OCI-001", what).next(format!("the subject {why}")).at(ATTRIBUTE)
    })?;
    let is_same = !plan.is_create() && !plan.changes(ATTRIBUTE);
    let noted = plan.private().get::<Subject>(NOTE);
    if let Some(noted) = noted.filter(|noted| noted.digest == reference || (is_same && !reference.contains(':'))) {
        return Ok(Described::Known(noted));
    }
    if !reference.contains(':') {
        return Ok(Described::Open);
    }
    Ok(look(cx, plan, &place, &reference).await)
}

async fn look(cx: &Cx, plan: &mut Plan<'_>, place: &Place, digest: &str) -> Described {
    if cx.provider().is_offline() || !cx.provider().looks().may(QUESTION) {
        return Described::Open;
    }
    let Ok(registry) = cx.provider().oci(place.repository(), ATTRIBUTE).await else { return Described::Open };
    let budget = cx.budget().at_most(LOOKING);
    match patiently(&budget, || registry.subject(&place.repository, digest)).await {
        Ok(Some(found)) => {
            plan.private().set(NOTE, &found);
            return Described::Known(found);
        }
        Ok(None) => {
            let named = place.named(digest).by_digest(digest);
            if !cx.provider().holdings().is_planned(&by_digest(&named)) {
                let what = "What the artifact is to be attached to is not there yet";
                plan.warn(&not_there_yet(
                    what,
                    &named,
                    "pushes it; else correct the digest or the repository",
                    ATTRIBUTE,
                ));
            }
        }
        Err(error) if is_silence(&error) => cx.provider().looks().give_up(QUESTION),
        Err(_) => {}
    }
    Described::Open
}

/// What the subject is, as the registry has it now; a tag stays what it was planned as.
///
/// # Errors
/// It is not there, is elsewhere, or cannot be asked for.
pub async fn resolve(cx: &Cx, place: &Place, model: &Declared, what: &str) -> Result<Option<Subject>> {
    let Some(text) = &model.subject else {
        cx.forget(NOTE);
        return Ok(None);
    };
    let wrong = |why: String| Explanation::new("BERTH-OCI-001", what).next(format!("the subject {why}")).at(ATTRIBUTE);
    let named = reference_at(place, text).map_err(wrong)?;
    let planned = cx.recall::<Subject>(NOTE).filter(|_| model.digest.get().is_some() && !named.contains(':'));
    let reference = planned.map_or(named, |planned| planned.digest);
    let registry = cx.provider().oci(place.repository(), ATTRIBUTE).await?;
    let found = patiently(cx.budget(), || registry.subject(&place.repository, &reference)).await;
    let about = About { registry: &place.registry, attribute: ATTRIBUTE, has_login: registry.has_login() };
    let Some(found) = found.map_err(|error| error.explain(what, about))? else {
        return Err(Explanation::new("BERTH-OCI-017", what)
            .on(format!("{text}, which {}/{} does not have", place.registry, place.repository))
            .next("push what it is to be attached to first, by naming its digest or reference here; or correct it")
            .at(ATTRIBUTE));
    };
    cx.remember(NOTE, &found);
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_in_the_repository_that_is_pushed_to() {
        let place: Place = "hub.test/a/b:1".parse().unwrap();
        let digest = format!("sha256:{}", "0a".repeat(32));
        assert_eq!(reference_at(&place, &digest), Ok(digest.clone()));
        assert_eq!(reference_at(&place, &format!("Hub.test/a/b:v1@{digest}")), Ok(digest.clone()));
        assert_eq!(reference_at(&place, "hub.test/a/b:v1"), Ok("v1".to_owned()));
        assert!(reference_at(&place, "hub.test/a/c:v1").unwrap_err().contains("hub.test/a/b, and is in hub.test/a/c"));
        for wrong in ["", "sha256:12", "hub.test/a/b", "sha512:0a"] {
            assert!(reference_at(&place, wrong).is_err(), "{wrong}");
        }
        let text = |text: &str| Value::from(text);
        assert!(same_subject(&text(&digest), &text(&format!("hub.test/a/b@{digest}"))));
        assert!(!same_subject(&text("hub.test/a:1"), &text("hub.test/a:1")), "what stands behind a tag may change");
    }
}

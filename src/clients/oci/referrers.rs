//! What is attached to a manifest: told by the registry itself, or kept in an index under a tag where it does not.
//!
//! Source: OCI Distribution Specification 1.1, "Listing Referrers" and "Enabling the Referrers API".

use reqwest::Method;
use reqwest::header::HeaderMap;
use url::Url;

use super::lists::next_of;
use super::patience::{Unfinished, patiently};
use super::{Oci, OciError, checked, limited, scope};
use crate::domain::oci::Manifest;
use crate::domain::oci::artifact::Subject;
use crate::domain::oci::artifact::referrers::{Left, Referrer, digests, empty, tag_of, with, without};
use crate::retry::Budget;

/// How often the index is written anew because somebody else has written it meanwhile.
const ATTEMPTS: usize = 5;

/// How many pages of a list are read at most.
const PAGES: usize = 1000;

/// By which header a registry says that it has taken note of a subject.
const NOTED: &str = "oci-subject";

/// Why something is not attached, or still is.
#[derive(Debug)]
pub enum AttachError {
    /// What the registry said.
    Remote(Unfinished),
    /// The index of what is attached cannot be kept.
    Index {
        /// Its tag.
        tag: String,
        /// Why.
        fault: String,
    },
}

impl From<Unfinished> for AttachError {
    fn from(error: Unfinished) -> Self {
        Self::Remote(error)
    }
}

impl Oci {
    /// What a manifest is as a subject; `None` if the repository has none of that tag or digest.
    pub async fn subject(&self, repository: &str, reference: &str) -> Result<Option<Subject>, OciError> {
        match self.get(repository, reference, "pull").await {
            Ok(manifest) => Ok(Some(Subject::of(&manifest))),
            Err(OciError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a manifest is told to be attached to the subject of a digest.
    pub async fn is_attached(
        &self,
        budget: &Budget,
        repository: &str,
        (digest, subject): (&str, &str),
    ) -> Result<bool, Unfinished> {
        if let Some(named) = patiently(budget, || self.referrers(repository, subject)).await? {
            return Ok(named.iter().any(|one| one == digest));
        }
        let index = self.referrers_index(budget, repository, subject).await?;
        let named = index.and_then(|index| digests(&index.content)).unwrap_or_default();
        Ok(named.iter().any(|one| one == digest))
    }

    /// Sees to it that a manifest of the repository is told to be attached to its subject. The manifest is put once more: the answer says whether
    /// the registry keeps the list itself.
    pub async fn attach(
        &self,
        budget: &Budget,
        repository: &str,
        (manifest, subject): (&Manifest, &str),
    ) -> Result<(), AttachError> {
        let is_noted = patiently(budget, || self.put_noted(repository, manifest)).await?;
        if is_noted || patiently(budget, || self.referrers(repository, subject)).await?.is_some() {
            return Ok(());
        }
        let (tag, referrer) = (tag_of(subject), Referrer::of(manifest));
        for _ in 0..ATTEMPTS {
            let index = self.referrers_index(budget, repository, subject).await?;
            let Some(next) = with(index.as_ref(), &referrer).map_err(|fault| no_index(&tag, fault))? else {
                return Ok(());
            };
            self.put(budget, repository, &tag, &next).await?;
            tracing::info!(tag, digest = manifest.digest, "noted in the index of referrers");
        }
        Err(contended(&tag))
    }

    /// Takes a manifest out of the index of what is attached to its subject, where there is one, and deletes it.
    pub async fn detach(
        &self,
        budget: &Budget,
        repository: &str,
        (digest, subject): (&str, &str),
    ) -> Result<(), AttachError> {
        if patiently(budget, || self.referrers(repository, subject)).await?.is_none() {
            self.strike(budget, repository, (digest, subject)).await?;
        }
        Ok(patiently(budget, || self.delete_manifest(repository, digest)).await?)
    }

    /// Takes a digest out of the index of a subject.
    async fn strike(
        &self,
        budget: &Budget,
        repository: &str,
        (digest, subject): (&str, &str),
    ) -> Result<(), AttachError> {
        let tag = &tag_of(subject);
        for _ in 0..ATTEMPTS {
            let Some(index) = self.referrers_index(budget, repository, subject).await? else { return Ok(()) };
            match without(&index, digest).map_err(|fault| no_index(tag, fault))? {
                Left::Same => return Ok(()),
                Left::Rest(rest) => self.put(budget, repository, tag, &rest).await?,
                Left::Nothing => self.drop_index(budget, repository, tag).await?,
            }
            tracing::info!(tag, digest, "taken out of the index of referrers");
        }
        Err(contended(tag))
    }

    /// Takes the tag of an index off that names nothing any more.
    async fn drop_index(&self, budget: &Budget, repository: &str, tag: &str) -> Result<(), Unfinished> {
        match patiently(budget, || self.delete_manifest(repository, tag)).await {
            Err(Unfinished::Failed(refused)) if refused.is_of_undeletable() => {
                self.put(budget, repository, tag, &empty()).await
            }
            done => done,
        }
    }

    /// The index under the tag of a subject. A registry may find the subject itself by that tag (GitLab's does): then there
    /// is none.
    async fn referrers_index(
        &self,
        budget: &Budget,
        repository: &str,
        subject: &str,
    ) -> Result<Option<Manifest>, Unfinished> {
        let tag = tag_of(subject);
        match patiently(budget, || self.get(repository, &tag, "pull")).await {
            Ok(found) => Ok(Some(found).filter(|found| found.digest != subject)),
            Err(Unfinished::Failed(OciError::NotFound { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The digests of what the registry tells to be attached to a digest; `None` if it tells nothing of that kind.
    async fn referrers(&self, repository: &str, subject: &str) -> Result<Option<Vec<String>>, OciError> {
        let (mut all, mut next) = (Vec::new(), Some(self.url(&format!("v2/{repository}/referrers/{subject}"))));
        for _ in 0..PAGES {
            let Some(url) = next.take() else { break };
            let Some((headers, page)) = self.referrers_page(repository, &url).await? else { return Ok(None) };
            all.extend(page);
            next = next_of(&headers, &url);
        }
        Ok(Some(all))
    }

    async fn referrers_page(&self, repository: &str, url: &Url) -> Result<Option<(HeaderMap, Vec<String>)>, OciError> {
        let scopes = [scope(repository, "pull")];
        let answer = self.authorized(Method::GET, url.clone(), &scopes, |request| request).await?;
        // GHCR leads to a site for people, which knows nothing of it either.
        if answer.url().origin() != url.origin() && !answer.status().is_success() {
            return Ok(None);
        }
        match checked(answer, 0).await {
            Ok(answer) => {
                let headers = answer.headers().clone();
                Ok(digests(&limited(answer).await?).map(|page| (headers, page)))
            }
            // How registries answer that know nothing of it.
            Err(
                OciError::NotFound { .. }
                | OciError::Unsupported { .. }
                | OciError::Refused { status: 400 | 406 | 501, .. },
            ) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts a manifest under its digest. Answers whether the registry has taken note of its subject.
    async fn put_noted(&self, repository: &str, manifest: &Manifest) -> Result<bool, OciError> {
        let Manifest { media_type, digest, content } = manifest;
        let headers = self.sent_manifest(repository, digest, media_type, content).await?;
        Ok(headers.contains_key(NOTED))
    }
}

fn no_index(tag: &str, fault: String) -> AttachError {
    AttachError::Index { tag: tag.to_owned(), fault }
}

fn contended(tag: &str) -> AttachError {
    no_index(tag, format!("others write it at the same time: after {ATTEMPTS} attempts it is not what was written"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{client, lines, reply, reply_with, server};
    use reqwest::header::CONTENT_TYPE;

    use super::*;
    use crate::domain::oci::OCI_INDEX;

    fn manifest() -> Manifest {
        Manifest::new(
            "application/vnd.oci.image.manifest.v1+json",
            r#"{"schemaVersion":2,"config":{"mediaType":"a/b"}}"#.into(),
        )
    }

    fn budget() -> Budget {
        Budget::uninterrupted(std::time::Duration::from_secs(30))
    }

    #[tokio::test]
    async fn a_registry_that_notes_the_subject_keeps_the_list_itself() {
        let (base, asked) = server(|line| match line.split(' ').next() {
            Some("PUT") => reply("201 Created\r\nOCI-Subject: sha256:5"),
            _ => reply("200 OK"),
        })
        .await;
        let registry = client(base);
        registry.attach(&budget(), "a", (&manifest(), "sha256:5")).await.unwrap();
        assert_eq!(lines(&asked), [format!("PUT /v2/a/manifests/{}", manifest().digest)]);
    }

    #[tokio::test]
    async fn a_list_that_the_registry_tells_is_read_page_by_page() {
        let digest = manifest().digest;
        let own = digest.clone();
        let (base, asked) = server(move |line| {
            let page = |digest: &str| format!(r#"{{"manifests":[{{"digest":"{digest}"}}]}}"#);
            if line.contains("next=1") {
                return reply_with(&format!("200 OK\r\n{CONTENT_TYPE}: {OCI_INDEX}"), &page(&own));
            }
            let link = "200 OK\r\nlink: </v2/a/referrers/sha256:5?next=1>; rel=\"next\"";
            reply_with(link, &page("sha256:other"))
        })
        .await;
        let registry = client(base);
        assert!(registry.is_attached(&budget(), "a", (&digest, "sha256:5")).await.unwrap());
        assert_eq!(lines(&asked).len(), 2, "{:?}", lines(&asked));
    }

    #[tokio::test]
    async fn a_subject_that_is_found_by_the_tag_of_its_index_is_no_index() {
        let subject = Manifest::new(OCI_INDEX, r#"{"schemaVersion":2,"manifests":[]}"#.into());
        let content = String::from_utf8(subject.content.to_vec()).unwrap();
        let (base, asked) = server(move |line| match line.split(' ').next() {
            Some("PUT") => reply("201 Created"),
            _ if line.contains("/referrers/") => {
                reply("404 Not Found\r\ndocker-distribution-api-version: registry/2.0")
            }
            _ => reply_with(&format!("200 OK\r\n{CONTENT_TYPE}: {OCI_INDEX}"), &content),
        })
        .await;
        let registry = client(base);
        assert!(!registry.is_attached(&budget(), "a", ("sha256:6", &subject.digest)).await.unwrap());
        registry.detach(&budget(), "a", ("sha256:6", &subject.digest)).await.unwrap();
        let deleted: Vec<String> = lines(&asked).into_iter().filter(|line| line.starts_with("DELETE")).collect();
        assert_eq!(deleted, ["DELETE /v2/a/manifests/sha256:6"], "the subject stays");
    }

    #[tokio::test]
    async fn what_stands_under_the_tag_and_is_no_index_is_left() {
        let (base, asked) = server(|line| match line.split(' ').next() {
            Some("PUT") => reply("201 Created"),
            _ if line.contains("/referrers/") => {
                reply("404 Not Found\r\ndocker-distribution-api-version: registry/2.0")
            }
            _ => reply_with("200 OK", r#"{"config":{}}"#),
        })
        .await;
        let told = client(base).attach(&budget(), "a", (&manifest(), "sha256:5")).await.unwrap_err();
        assert!(matches!(told, AttachError::Index { tag, .. } if tag == "sha256-5"));
        assert_eq!(lines(&asked).iter().filter(|line| line.starts_with("PUT")).count(), 1);
    }
}

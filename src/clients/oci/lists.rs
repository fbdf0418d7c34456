//! Lists of tags and repositories, page by page.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use url::Url;

use super::super::http::links;
use super::patience::{Unfinished, patiently};
use super::{Oci, OciError, checked, limited, scope};
use crate::retry::Budget;

/// How many pages are read at most: a server whose pages lead in a circle is no list.
const PAGES: usize = 10_000;

#[derive(Deserialize)]
struct Tags {
    // Null where the last tag was taken off.
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Catalog {
    repositories: Option<Vec<String>>,
}

impl Oci {
    /// All tags of a repository, in the registry's order.
    pub async fn tags(&self, budget: &Budget, repository: &str) -> Result<Vec<String>, Unfinished> {
        let read = |page: &[u8]| serde_json::from_slice::<Tags>(page).map(|page| page.tags.unwrap_or_default());
        self.pages(budget, &format!("v2/{repository}/tags/list"), &scope(repository, "pull"), read).await
    }

    /// All repositories that the login may list.
    pub async fn catalog(&self, budget: &Budget) -> Result<Vec<String>, Unfinished> {
        let read =
            |page: &[u8]| serde_json::from_slice::<Catalog>(page).map(|page| page.repositories.unwrap_or_default());
        self.pages(budget, "v2/_catalog", "registry:catalog:*", read).await
    }

    /// Follows `Link` alone: some registries cut a page size that they do not like without a word.
    async fn pages(
        &self,
        budget: &Budget,
        path: &str,
        scope: &str,
        read: impl Fn(&[u8]) -> serde_json::Result<Vec<String>>,
    ) -> Result<Vec<String>, Unfinished> {
        let (mut all, mut next) = (Vec::new(), Some(self.url(path)));
        for _ in 0..PAGES {
            let Some(url) = next.take() else { break };
            let (headers, page) = patiently(budget, || self.page(&url, scope)).await?;
            let entries = read(&page).map_err(|error| OciError::Refused {
                status: 200,
                words: format!("its list cannot be read: {error}"),
            })?;
            all.extend(entries);
            next = next_of(&headers, &url);
        }
        Ok(all)
    }

    async fn page(&self, url: &Url, scope: &str) -> Result<(HeaderMap, bytes::Bytes), OciError> {
        let scopes = [scope.to_owned()];
        let answer = self.authorized(Method::GET, url.clone(), &scopes, |request| request).await?;
        let answer = checked(answer, 0).await?;
        let headers = answer.headers().clone();
        Ok((headers, limited(answer).await?))
    }
}

/// Where the next page is (RFC 8288): `<URL>; rel="next"`.
pub(super) fn next_of(headers: &HeaderMap, page: &Url) -> Option<Url> {
    let next = page.join(links(headers, "next").first()?).ok()?;
    (next != *page).then_some(next)
}

#[cfg(test)]
mod tests {
    use reqwest::header::LINK;

    use super::*;

    #[test]
    fn the_next_page_is_where_the_link_says() {
        let page = Url::parse("https://a.test/v2/b/tags/list").unwrap();
        let next = |link: &str| next_of(&HeaderMap::from_iter([(LINK, link.parse().unwrap())]), &page);
        let there = "https://a.test/v2/b/tags/list?last=x&n=100";
        assert_eq!(next("</v2/b/tags/list?last=x&n=100>; rel=\"next\"").unwrap().as_str(), there);
        assert_eq!(next(&format!("<{there}>;rel=next")).unwrap().as_str(), there);
        assert_eq!(next("</v2/b/tags/list?n=1>; rel=\"prev\""), None);
        assert_eq!(next("</v2/b/tags/list>; rel=\"next\""), None, "a page that follows itself");
        assert_eq!(next_of(&HeaderMap::new(), &page), None);
    }
}

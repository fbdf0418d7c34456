//! Where the text of a manifest comes from: the configuration, a file, or an address with the digest of what is there.

use std::io::ErrorKind;

use url::Url;

use crate::clients::download::{DownloadError, Patience};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::retry::Budget;

use super::model::MANIFEST;

/// What stands between an address and the digest of what is there.
const PIN: &str = "#sha256=";

/// Why there is no text.
pub enum Unread {
    /// The file is not there.
    Absent,
    /// The address does not answer, or is not to be asked.
    Away(Explanation),
    /// It will not do.
    Refused(Explanation),
}

impl Unread {
    /// As the failure of an apply.
    pub fn explained(self, path: &str, what: &str) -> Explanation {
        match self {
            Self::Refused(told) | Self::Away(told) => told,
            Self::Absent => Explanation::new("BERTH-CM-005", what)
                .on(format!("`{path}`, which is not there"))
                .next("correct the path; relative ones begin where Terraform runs")
                .at(MANIFEST),
        }
    }
}

/// Whether it is the text itself.
pub fn is_text(manifest: &str) -> bool {
    manifest.contains('\n') || manifest.trim_start().starts_with('{')
}

/// Whether it is an address.
pub fn is_address(manifest: &str) -> bool {
    !is_text(manifest) && manifest.starts_with("https://")
}

/// The place, and the digest that stands behind an address.
pub fn pinned(manifest: &str) -> (&str, Option<&str>) {
    match manifest.split_once(PIN).filter(|_| is_address(manifest)) {
        Some((place, digest)) => (place, Some(digest)),
        None => (manifest, None),
    }
}

/// Whether it is written as one of the three.
///
/// # Errors
/// What is wrong with it.
pub fn fits(manifest: &str) -> Result<(), String> {
    if manifest.is_empty() {
        return Err("must not be empty: give the path of a release's manifest, its address, or its text".to_owned());
    }
    if manifest.starts_with("http://") && !is_text(manifest) {
        return Err("is an address without TLS: write it with `https://`".to_owned());
    }
    if !is_address(manifest) {
        return Ok(());
    }
    let url = Url::parse(pinned(manifest).0).map_err(|fault| format!("is no address: {fault}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "must not hold a login, which would be in the state: fetch it beforehand, and give its path".to_owned()
        );
    }
    pinned(manifest).1.map_or(Ok(()), digest)
}

/// Whether a text is a digest.
///
/// # Errors
/// It is none.
pub fn digest(text: &str) -> Result<(), String> {
    let is_digit = |it: u8| it.is_ascii_digit() || (b'a'..=b'f').contains(&it);
    if text.len() == 64 && text.bytes().all(is_digit) {
        Ok(())
    } else {
        Err("must be 64 hexadecimal digits in lower case, as `sha256sum` writes them".to_owned())
    }
}

/// Reads texts, for as long as there is time.
pub struct Reader<'a> {
    /// The call.
    pub cx: &'a Cx,
    /// The time.
    pub budget: Budget,
    /// How long addresses are asked again; `None` if they are not asked at all.
    pub asks: Option<Patience>,
    /// What fails with it.
    pub what: &'a str,
}

impl Reader<'_> {
    /// The text at a place; `sha256` is needed where that is an address.
    pub async fn text(&self, place: &str, sha256: Option<&str>) -> Result<String, Unread> {
        if is_text(place) {
            return Ok(place.to_owned());
        }
        if is_address(place) {
            return self.fetched(place, sha256).await;
        }
        tokio::fs::read_to_string(place).await.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Unread::Absent,
            _ => Unread::Refused(
                Explanation::new("BERTH-CM-005", self.what)
                    .on(format!("`{place}`: {error}"))
                    .next("correct the path, and let it be read")
                    .at(MANIFEST),
            ),
        })
    }

    async fn fetched(&self, url: &str, sha256: Option<&str>) -> Result<String, Unread> {
        let Some(sha256) = sha256 else { return Err(Unread::Refused(needs_digest(self.what))) };
        let Some(patience) = self.asks else { return Err(Unread::Away(self.told(url, &"it was not asked"))) };
        let provider = self.cx.provider();
        let fetched = provider.downloads().text(provider.network(), (&self.budget, patience), (url, sha256)).await;
        fetched.map(|text| text.to_string()).map_err(|error| match error {
            DownloadError::Other { found } => Unread::Refused(other(self.what, &found, sha256)),
            error if error.is_passing() => Unread::Away(self.not_fetched(url, &error)),
            error => Unread::Refused(self.not_fetched(url, &error)),
        })
    }

    fn told(&self, url: &str, words: &impl ToString) -> Explanation {
        let told = Explanation::new("BERTH-CM-019", format!("{}: the manifest cannot be fetched", self.what));
        told.on(format!("`{url}`")).said("The way to it", words.to_string()).at(MANIFEST)
    }

    fn not_fetched(&self, url: &str, error: &DownloadError) -> Explanation {
        let next = match error {
            DownloadError::TooLarge | DownloadError::NotText => "give the address of a release's manifest".to_owned(),
            DownloadError::Refused(_) if !error.is_passing() => {
                "correct the address: a browser tells what is there".to_owned()
            }
            _ => "let this machine reach it; or fetch the manifest elsewhere, and give its path".to_owned(),
        };
        self.told(url, error).next(error.remedy().unwrap_or(next))
    }
}

/// What is said of an address without a digest.
pub fn needs_digest(what: &str) -> Explanation {
    Explanation::new("BERTH-CM-006", format!("{what}: the manifest is an address, and no digest is declared"))
        .next("give the SHA-256 of the manifest that is meant, as `sha256sum` writes it: whatever else is there is not installed")
        .at("manifest_sha256")
}

/// What is said of a text with another digest.
pub fn other(what: &str, found: &str, given: &str) -> Explanation {
    Explanation::new("BERTH-CM-006", what)
        .on(format!("the manifest has the SHA-256 {found}, and {given} is declared"))
        .next("if the file is the one that is meant, correct `manifest_sha256`; else fetch it anew")
        .at("manifest_sha256")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_address_a_text_or_a_path() {
        let digest = "0".repeat(64);
        let address = format!("https://files.test/a.yaml#sha256={digest}");
        assert_eq!(pinned(&address), ("https://files.test/a.yaml", Some(digest.as_str())));
        assert_eq!(pinned("a#sha256=b"), ("a#sha256=b", None), "a path may be called so");
        assert!(is_address(&address) && !is_address("a.yaml") && !is_address("https://a\nb: c"));
        for fit in ["a.yaml", "{}", "kind: A\nname: b", "https://files.test/a.yaml", &address] {
            assert_eq!(fits(fit), Ok(()), "{fit}");
        }
        for unfit in
            ["", "http://files.test/a", "https://", "https://ann:secret@files.test/a", "https://files.test/a#sha256=0"]
        {
            assert!(fits(unfit).is_err(), "{unfit}");
        }
    }
}

//! When the CA wants a certificate to be renewed (RFC 9773); asked without any key.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::renewal::Window;

use super::Acme;
use super::error::AcmeError;

/// A number from 0 up to 1 by chance, to draw a moment from a window with.
pub fn chance() -> f64 {
    let mut bytes = [0_u8; 4];
    // Without randomness the middle of the window is as good a moment as any.
    aws_lc_rs::rand::fill(&mut bytes)
        .map_or(0.5, |()| f64::from(u32::from_be_bytes(bytes)) / (f64::from(u32::MAX) + 1.0))
}

/// The CA's suggestion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewalInfo {
    /// The suggested window.
    pub window: Window,
    /// How long the answer holds (Retry-After); `None` if the CA does not say.
    pub retry_after: Option<Duration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    suggested_window: WindowBody,
    #[serde(rename = "explanationURL")]
    explanation_url: Option<String>,
}

#[derive(Deserialize)]
struct WindowBody {
    start: String,
    end: String,
}

impl Acme {
    /// Asks when the certificate with this identifier (`AKI.SERIAL`, RFC 9773 §4.1) is to be renewed.
    /// `None` when the CA has no such function or does not know the certificate.
    pub async fn renewal_info(&self, ari_id: &str) -> Result<Option<RenewalInfo>, AcmeError> {
        let Some(base) = &self.directory().await?.renewal_info else { return Ok(None) };
        let url = format!("{}/{ari_id}", base.trim_end_matches('/'));
        let reply = self.edge().get(&url).await?;
        let now = self.edge().clock.now();
        if reply.status == 404 {
            return Ok(None);
        }
        let retry_after = reply.asked_pause(now);
        let reply = reply.success(&url, now)?;
        let strange = |why: String| AcmeError::Strange { url: url.clone(), why };
        let body: Body = serde_json::from_slice(&reply.body).map_err(|error| strange(error.to_string()))?;
        let moment = |text: &str| text.parse::<Timestamp>().map_err(|error| strange(error.to_string()));
        let (start, end) = (moment(&body.suggested_window.start)?, moment(&body.suggested_window.end)?);
        let window = Window { start, end, explanation_url: body.explanation_url };
        Ok(Some(RenewalInfo { window, retry_after }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::scripted::{Scripted, problem, reply, with_header};
    use super::*;

    const WITH: &str = r#"{"newNonce":"n","newAccount":"a","newOrder":"o","renewalInfo":"https://ca/ari/"}"#;
    const WITHOUT: &str = r#"{"newNonce":"n","newAccount":"a","newOrder":"o"}"#;

    #[tokio::test]
    async fn reads_the_window_and_how_long_it_holds() {
        let body = r#"{"suggestedWindow":{"start":"2026-03-01T00:00:00Z","end":"2026-03-02T00:00:00.5Z"},
            "explanationURL":"https://ca/why"}"#;
        let answer = with_header(reply(200, "application/json", body), "retry-after", "21600");
        let script = Scripted::new([reply(200, "application/json", WITH), answer]);
        let info = Acme::scripted(&script).renewal_info("aki.serial").await.unwrap().unwrap();
        assert_eq!(info.window.start.to_string(), "2026-03-01T00:00:00Z");
        assert_eq!(info.window.explanation_url.as_deref(), Some("https://ca/why"));
        assert_eq!(info.retry_after, Some(Duration::from_hours(6)));
        assert_eq!(script.asked(), ["GET https://ca/dir", "GET https://ca/ari/aki.serial"]);
    }

    #[tokio::test]
    async fn a_ca_without_the_function_and_an_unknown_certificate_are_no_errors() {
        let none = Acme::scripted(&Scripted::new([reply(200, "application/json", WITHOUT)]));
        assert_eq!(none.renewal_info("a.b").await.unwrap(), None);
        let unknown = [reply(200, "application/json", WITH), problem(404, "malformed", "not found")];
        assert_eq!(Acme::scripted(&Scripted::new(unknown)).renewal_info("a.b").await.unwrap(), None);
    }
}

//! When the certificate is renewed: asked of the CA without any key, and told in the state.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clients::acme::chance;
use crate::domain::renewal::{Drawn, Window, due};
use crate::provider::Cx;

use super::model::Certificate;

/// The note of the private state.
const NOTE: &str = "renewal";
/// How long a CA that does not answer may hold up a refresh.
const PATIENCE: Duration = Duration::from_secs(5);
/// The shortest and longest time between questions, whatever the CA asks for (RFC 9773 §4.3.2 leaves it to the client).
const SHORTEST_PAUSE: Duration = Duration::from_mins(1);
const LONGEST_PAUSE: Duration = Duration::from_hours(24);

/// What is remembered between runs, so that the drawn moment stays and the CA is asked no more often than it wants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Note {
    certificate: String,
    start: Timestamp,
    end: Timestamp,
    explanation_url: Option<String>,
    at: Timestamp,
    ask_again_at: Timestamp,
}

impl Note {
    fn drawn(&self) -> Drawn {
        let window = Window { start: self.start, end: self.end, explanation_url: self.explanation_url.clone() };
        Drawn { window, at: self.at }
    }
}

/// Finds out when to renew. A CA that does not answer leaves what was known.
pub async fn refresh(cx: &Cx, model: &mut Certificate) {
    let Some(chain) = model.chain() else { return };
    if model.is_handed_over() {
        model.renew_at.set(chain.facts.not_after.to_string());
        model.renewal_reason.set("cert-manager renews it; at its end it would be issued here again".to_owned());
        return;
    }
    let settings = model.renewal_settings();
    let drawn = if settings.ari { moment(cx, model, chain.facts.ari_id.as_deref()).await } else { None };
    let due = due(settings, chain.facts.validity(), drawn.as_ref());
    model.renew_at.set(due.at.to_string());
    model.renewal_reason.set(due.reason.to_string());
}

/// Whether the CA suggests to renew a certificate at this moment, as far as it was asked.
pub fn is_suggested_now(cx: &Cx, ari_id: &str) -> bool {
    let now = cx.clock().now();
    cx.recall::<Note>(NOTE).is_some_and(|note| note.certificate == ari_id && note.start <= now && now < note.end)
}

/// Marks the certificate as one that must be made anew, by a moment that does not move from one refresh to the next.
pub fn overdue(model: &mut Certificate, why: String) {
    model.renew_at = model.not_before.clone();
    model.renewal_reason.set(why);
}

async fn moment(cx: &Cx, model: &Certificate, ari_id: Option<&str>) -> Option<Drawn> {
    let certificate = ari_id?;
    let known = cx.recall::<Note>(NOTE).filter(|note| note.certificate == certificate);
    let now = cx.clock().now();
    if let Some(note) = known.as_ref().filter(|note| now < note.ask_again_at) {
        return Some(note.drawn());
    }
    let before = known.as_ref().map(Note::drawn);
    let Some((window, pause)) = ask(cx, model, certificate).await else { return before };
    let drawn = Drawn::keep_or_draw(before, window, chance())?;
    let note = Note {
        certificate: certificate.to_owned(),
        start: drawn.window.start,
        end: drawn.window.end,
        explanation_url: drawn.window.explanation_url.clone(),
        at: drawn.at,
        ask_again_at: now.checked_add(pause).unwrap_or(now),
    };
    cx.remember(NOTE, &note);
    Some(drawn)
}

async fn ask(cx: &Cx, model: &Certificate, certificate: &str) -> Option<(Window, Duration)> {
    let url = model.directory_url.get()?;
    let ca = cx.provider().acme(url, cx.clock()).await.ok()?;
    let answer = cx.budget().at_most(PATIENCE).run(ca.renewal_info(certificate)).await;
    match answer {
        Ok(Ok(info)) => {
            let info = info?;
            let pause = info.retry_after.unwrap_or(LONGEST_PAUSE).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
            Some((info.window, pause))
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "the CA does not tell when to renew");
            None
        }
        Err(stopped) => {
            tracing::warn!(%stopped, "the CA does not tell when to renew");
            None
        }
    }
}

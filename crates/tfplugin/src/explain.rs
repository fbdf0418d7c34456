//! A failure told in four parts: what failed, on which object, what the remote said, what to do next.

use std::fmt;

use crate::about::About;
use crate::secret::hidden;

/// Longest quotation of a remote's words, in characters.
pub const MAX_QUOTE: usize = 500;

/// A failure as a person should read it, with a code that scripts can match.
///
/// The layers below Terraform build it (clients and `domain`); the SDK turns it into a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation(Box<Parts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    code: &'static str,
    what: String,
    object: Option<String>,
    said: Option<(String, String)>,
    seen: Vec<String>,
    next: Option<Next>,
    attribute: Option<String>,
    unanswered: bool,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Next {
    Step(String),
    /// Only a mistake in the provider can cause this: how to report it.
    Report(String),
}

impl Explanation {
    /// Starts an explanation with its stable code (`NAME-DISK-004`) and what failed
    /// (`Cannot make the disk "a"`, no full stop). Codes that begin with `SDK-` are the framework's; see [`About::code`].
    pub fn new(code: &'static str, what: impl Into<String>) -> Self {
        let what = what.into();
        let (object, said, seen, next, attribute) = (None, None, Vec::new(), None, None);
        Self(Box::new(Parts { code, what, object, said, seen, next, attribute, unanswered: false }))
    }

    /// Names the remote object concerned by its own identity: an ARN, `namespace/name`, an order's URL.
    #[must_use]
    pub fn on(mut self, object: impl Into<String>) -> Self {
        self.0.object = Some(object.into());
        self
    }

    /// Quotes the remote: `who` said `words`. Known secrets and markup are removed, and long texts lose their
    /// middle beyond [`MAX_QUOTE`].
    #[must_use]
    pub fn said(mut self, who: impl Into<String>, words: impl AsRef<str>) -> Self {
        self.0.said = Some((who.into(), quotation(words.as_ref())));
        self
    }

    /// Adds what the provider saw when it looked for itself, a line for each; shown beside the remote's words.
    #[must_use]
    pub fn seen(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.0.seen.extend(lines.into_iter().map(|line| hidden(&line).into_owned()));
        self
    }

    /// Tells one concrete next step, and what state things are in now.
    #[must_use]
    pub fn next(mut self, step: impl Into<String>) -> Self {
        self.0.next = Some(Next::Step(step.into()));
        self
    }

    /// Says that only a mistake in the provider can cause this; `report` is how to report it. The provider's name and version
    /// are put before that.
    #[must_use]
    pub fn defect(mut self, report: impl Into<String>) -> Self {
        self.0.next = Some(Next::Report(report.into()));
        self
    }

    /// Adds to the next step, for one who knows more of the state things are in.
    #[must_use]
    pub fn adding(mut self, more: &str) -> Self {
        self.0.next = Some(match self.0.next.take() {
            None => Next::Step(more.to_owned()),
            Some(Next::Step(step)) => Next::Step(format!("{step}; {more}")),
            Some(Next::Report(report)) => Next::Report(format!("{report}; {more}")),
        });
        self
    }

    /// Blames one attribute, as a dotted path: `network.zone_id`, `statements[0].actions`.
    #[must_use]
    pub fn at(mut self, attribute: impl Into<String>) -> Self {
        self.0.attribute = Some(attribute.into());
        self
    }

    /// Marks that the remote could not be asked at all (unreachable, or its settings are not known yet).
    /// A refresh then keeps what is in state and warns; everything else fails.
    #[must_use]
    pub fn unanswered(mut self) -> Self {
        self.0.unanswered = true;
        self
    }

    /// Whether the remote could not be asked at all.
    pub fn is_unanswered(&self) -> bool {
        self.0.unanswered
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// What failed, in one line.
    pub fn what(&self) -> &str {
        &self.0.what
    }

    /// Why it failed, for a list of several failures: the remote's words, or else what failed.
    pub fn cause(&self) -> &str {
        self.0.said.as_ref().map_or(&self.0.what, |(_, words)| words)
    }

    /// The dotted path of the attribute to blame, if there is one.
    pub fn attribute(&self) -> Option<&str> {
        self.0.attribute.as_deref()
    }

    /// The parts below the headline, one paragraph each, ending in the code.
    pub fn detail(&self) -> String {
        self.parts("the provider", self.0.code)
    }

    /// [`Explanation::detail`] as this provider's users see it.
    pub fn detail_of(&self, about: &About) -> String {
        self.parts(&format!("{} {}", about.name, about.version), &about.code(self.0.code))
    }

    fn parts(&self, provider: &str, code: &str) -> String {
        let mut parts = Vec::with_capacity(4);
        if let Some(object) = &self.0.object {
            parts.push(format!("Object: {object}"));
        }
        if let Some((who, words)) = &self.0.said {
            parts.push(format!("{who} said: {words}"));
        }
        if !self.0.seen.is_empty() {
            parts.push(format!("Seen from here: {}", self.0.seen.join("\n")));
        }
        match &self.0.next {
            Some(Next::Step(step)) => parts.push(format!("Next: {step}")),
            Some(Next::Report(report)) => parts.push(format!("Next: this is a defect of {provider}: {report}")),
            None => {}
        }
        parts.push(format!("Code: {code}"));
        parts.join("\n\n")
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n\n{}", self.0.what, self.detail())
    }
}

impl std::error::Error for Explanation {}

/// Writes an error and its causes as one clause: `a: b: c`, each said once.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = cause.source();
    }
    text
}

/// A remote's words, fit to be quoted: no secret, no markup, single spaces, at most [`MAX_QUOTE`] characters.
fn quotation(words: &str) -> String {
    // Before anything is cut or joined: half of a secret would not be found.
    let words = hidden(words);
    let text = if words.trim_start().starts_with('<') { without_markup(&words) } else { words.into_owned() };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= MAX_QUOTE {
        return text;
    }
    // What is wrong often stands at the end, behind a copy of what was sent.
    let (head, tail) = (MAX_QUOTE - MAX_QUOTE / 3, MAX_QUOTE / 3);
    let skipped = text.chars().count() - tail;
    text.chars().take(head).chain("…".chars()).chain(text.chars().skip(skipped)).collect()
}

/// The text between the tags of an HTML or XML document.
fn without_markup(document: &str) -> String {
    let mut text = String::with_capacity(document.len());
    let mut inside = false;
    for c in document.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            _ if !inside => text.push(c),
            _ => {}
        }
    }
    text
}

/// The first names of a list, as many as `limit`, and how many more there are: `a, b and 3 more`.
pub fn listed(names: &[String], limit: usize) -> String {
    let shown = names.get(..limit).unwrap_or(names).join(", ");
    match names.len().saturating_sub(limit) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_four_parts_in_order_and_ends_with_the_code() {
        let text = Explanation::new("SMALL-ZONE-001", "Cannot find the zone `a.example`")
            .on("zone Z1")
            .said("the API", "NoSuchZone")
            .next("create the zone first")
            .detail();
        assert_eq!(
            text,
            "Object: zone Z1\n\nthe API said: NoSuchZone\n\nNext: create the zone first\n\nCode: SMALL-ZONE-001"
        );
    }

    #[test]
    fn what_was_seen_stands_between_the_remotes_words_and_the_next_step() {
        let told = Explanation::new("SMALL-ZONE-001", "what").said("the API", "no").next("go").seen(["one".to_owned()]);
        let text = told.seen(["two".to_owned()]).detail();
        assert_eq!(text, "the API said: no\n\nSeen from here: one\ntwo\n\nNext: go\n\nCode: SMALL-ZONE-001");
    }

    #[test]
    fn a_defect_names_the_provider_and_the_frameworks_code_its_prefix() {
        let told = Explanation::new("SDK-007", "The provider panicked").defect("report it");
        let about = About { name: "small", version: "1.2.3", source: "test/small", codes: "SMALL", commands: &[] };
        assert_eq!(told.detail_of(&about), "Next: this is a defect of small 1.2.3: report it\n\nCode: SMALL-SDK-007");
        let told = told.adding("the object stands").detail();
        assert_eq!(told, "Next: this is a defect of the provider: report it; the object stands\n\nCode: SDK-007");
    }

    #[test]
    fn tells_how_many_names_of_a_list_are_not_named() {
        let names = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(listed(&names, 3), "a, b, c");
        assert_eq!(listed(&names, 2), "a, b and 1 more");
        assert_eq!(listed(&[], 2), "");
    }

    #[test]
    fn quotes_an_error_page_without_its_markup() {
        assert_eq!(quotation("<html><b>413</b> Too  Large</html>"), "413 Too Large");
        assert_eq!(quotation("a < b"), "a < b");
    }

    #[test]
    fn cuts_a_long_quotation() {
        assert_eq!(quotation(&"y".repeat(900)).chars().count(), MAX_QUOTE + 1);
    }

    #[test]
    fn a_secret_is_hidden_before_a_quotation_is_cut_through_it() {
        let secret = crate::secret::Secret::new("  tide and time 0815 ");
        let start = "x".repeat(MAX_QUOTE - 6);
        let told = Explanation::new("SMALL-ZONE-001", "what").said("the log", format!("{start} {}", secret.expose()));
        let told = told.seen(["at tide and time 0815".to_owned()]).detail();
        assert!(!told.contains("tide"), "{told}");
    }
}

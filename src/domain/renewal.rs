//! When a certificate is to be renewed, and why then: the CA's word first, else a fraction of the real lifetime.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

/// Lifetimes below this renew at half, longer ones when a third is left (Let's Encrypt's integration guide).
pub const SHORT_LIFETIME: SignedDuration = SignedDuration::from_hours(10 * 24);

/// What the user wishes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Ask the CA (RFC 9773) and follow its window.
    pub ari: bool,
    /// Renew when this many days are left; above 0.
    pub remaining_days: Option<f64>,
    /// Renew when this part of the lifetime is left; above 0, below 1.
    pub remaining_fraction: Option<f64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { ari: true, remaining_days: None, remaining_fraction: None }
    }
}

/// The time a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// First moment.
    pub not_before: Timestamp,
    /// Last moment.
    pub not_after: Timestamp,
}

impl Validity {
    /// How long it is.
    pub fn lifetime(self) -> SignedDuration {
        self.not_after.duration_since(self.not_before).max(SignedDuration::ZERO)
    }

    /// The moment when `part` of the lifetime is left.
    fn with_fraction_left(self, part: f64) -> Timestamp {
        before(self.not_after, self.lifetime().mul_f64(part.clamp(0.0, 1.0)))
    }

    /// Whether a moment leaves the certificate some time in use.
    fn is_inside(self, at: Timestamp) -> bool {
        at > self.not_before
    }
}

/// The window that the CA suggests (RFC 9773 §4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its first moment.
    pub start: Timestamp,
    /// Its last moment.
    pub end: Timestamp,
    /// A page that tells why the window is as it is.
    pub explanation_url: Option<String>,
}

/// A moment drawn from a window, kept by the caller so that plans stay the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The window it was drawn from.
    pub window: Window,
    /// The moment.
    pub at: Timestamp,
}

impl Drawn {
    /// Keeps the moment drawn before while the window stays; else draws one, uniformly, by `chance`
    /// (0 up to 1). A window that ends before it starts counts as no answer (RFC 9773 §4.2).
    pub fn keep_or_draw(before: Option<Self>, window: Window, chance: f64) -> Option<Self> {
        if window.end <= window.start {
            return None;
        }
        match before {
            Some(drawn) if drawn.window.start == window.start && drawn.window.end == window.end => {
                Some(Self { window, at: drawn.at })
            }
            _ => {
                let width = window.end.duration_since(window.start);
                let into = width.mul_f64(chance.clamp(0.0, 1.0));
                let at = window.start.checked_add(into).unwrap_or(window.start);
                let whole_second = Timestamp::from_second(at.as_second()).unwrap_or(at);
                Some(Self { window, at: whole_second })
            }
        }
    }
}

/// When to renew, and why then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The moment.
    pub at: Timestamp,
    /// The reason.
    pub reason: Reason,
}

impl Due {
    /// Whether the moment has come.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.at <= now
    }
}

/// Why a certificate is renewed at its moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The CA suggests the window.
    CaWindow(Window),
    /// Days left, as the user set them.
    RemainingDays(String),
    /// Part of the lifetime left, as the user set it or by the rule.
    RemainingFraction {
        /// In percent, as text.
        percent: String,
        /// The certificate's lifetime.
        lifetime: SignedDuration,
        /// Whether a setting of the user does not fit the lifetime and was left out.
        setting_too_long: bool,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CaWindow(window) => {
                write!(f, "the CA suggests renewal between {} and {}", window.start, window.end)?;
                window.explanation_url.as_ref().map_or(Ok(()), |url| write!(f, " (see {url})"))
            }
            Self::RemainingDays(days) => write!(f, "{days} days are left then (renewal.remaining_days)"),
            Self::RemainingFraction { percent, lifetime, setting_too_long } => {
                write!(f, "{percent} % of the lifetime of {} are left then", in_days(*lifetime))?;
                if *setting_too_long {
                    f.write_str("; renewal.remaining_days is longer than this lifetime and is not used")?;
                }
                Ok(())
            }
        }
    }
}

/// When to renew: the earliest of the CA's moment and the user's rules; without both, when a third of the
/// lifetime is left (half of one below [`SHORT_LIFETIME`]).
///
/// A rule that would renew a certificate the moment it is issued is left out.
pub fn due(settings: Settings, validity: Validity, drawn: Option<&Drawn>) -> Due {
    let by_ca = drawn
        .filter(|_| settings.ari)
        .map(|drawn| Due { at: drawn.at, reason: Reason::CaWindow(drawn.window.clone()) });
    let by_days = settings.remaining_days.map(|days| due_by_days(validity, days));
    let by_fraction = settings.remaining_fraction.map(|part| due_by_fraction(validity, part, false));
    let setting_too_long = by_days.as_ref().is_some_and(|due| !validity.is_inside(due.at));

    let chosen = [by_ca, by_days, by_fraction]
        .into_iter()
        .flatten()
        .filter(|due| matches!(due.reason, Reason::CaWindow(_)) || validity.is_inside(due.at))
        .min_by_key(|due| due.at);
    chosen.unwrap_or_else(|| due_by_fraction(validity, usual_fraction(validity), setting_too_long))
}

fn usual_fraction(validity: Validity) -> f64 {
    if validity.lifetime() < SHORT_LIFETIME { 0.5 } else { 1.0 / 3.0 }
}

fn due_by_days(validity: Validity, days: f64) -> Due {
    let left = SignedDuration::try_from_secs_f64(days.max(0.0) * 86_400.0).unwrap_or(SignedDuration::MAX);
    Due { at: before(validity.not_after, left), reason: Reason::RemainingDays(days.to_string()) }
}

fn due_by_fraction(validity: Validity, part: f64, setting_too_long: bool) -> Due {
    let percent = format!("{:.0}", part * 100.0);
    let lifetime = validity.lifetime();
    let at = validity.with_fraction_left(part);
    Due { at, reason: Reason::RemainingFraction { percent, lifetime, setting_too_long } }
}

/// `moment` less `time`, in whole seconds; the earliest timestamp if that is out of range.
fn before(moment: Timestamp, time: SignedDuration) -> Timestamp {
    let exact = moment.checked_sub(time).unwrap_or(Timestamp::MIN);
    Timestamp::from_second(exact.as_second()).unwrap_or(exact)
}

/// A time for people: `36 hours`, `90 days`.
pub fn in_days(time: SignedDuration) -> String {
    let hours = time.as_hours();
    if hours < 72 { format!("{hours} hours") } else { format!("{} days", (hours + 12) / 24) }
}

/// Whether a lifetime is another kind of lifetime than the one before: less than half, or more than twice as long. What CAs do
/// to all their certificates, from 90 days to 64 and to 45, is none.
pub fn is_jump(before: SignedDuration, now: SignedDuration) -> bool {
    let (shorter, longer) = if before < now { (before, now) } else { (now, before) };
    // A certificate begins an hour or so before it is made, and may end a second early.
    shorter.as_hours().saturating_mul(2).saturating_add(2) < longer.as_hours()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn validity(from: &str, to: &str) -> Validity {
        Validity { not_before: at(from), not_after: at(to) }
    }

    fn quarter() -> Validity {
        validity("2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z")
    }

    fn window(start: &str, end: &str) -> Window {
        Window { start: at(start), end: at(end), explanation_url: None }
    }

    fn drawn(start: &str, end: &str, chance: f64) -> Option<Drawn> {
        Drawn::keep_or_draw(None, window(start, end), chance)
    }

    #[test]
    fn without_the_ca_the_lifetime_decides() {
        let cases = [
            ("ninety days: a third left", quarter(), "2026-03-02T00:00:00Z"),
            ("six days: half left", validity("2026-01-01T00:00:00Z", "2026-01-07T00:00:00Z"), "2026-01-04T00:00:00Z"),
            ("ten days: a third", validity("2026-01-01T00:00:00Z", "2026-01-11T00:00:00Z"), "2026-01-07T16:00:00Z"),
            ("no lifetime at all", validity("2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z"), "2025-01-01T00:00:00Z"),
        ];
        for (name, validity, expected) in cases {
            assert_eq!(due(Settings::default(), validity, None).at, at(expected), "{name}");
        }
    }

    #[test]
    fn the_users_rules_and_the_cas_moment_compete_and_the_earliest_wins() {
        let ca = drawn("2026-03-10T00:00:00Z", "2026-03-12T00:00:00Z", 0.5);
        let settings = |ari, remaining_days, remaining_fraction| Settings { ari, remaining_days, remaining_fraction };
        let cases = [
            ("CA alone", settings(true, None, None), "2026-03-11T00:00:00Z"),
            ("CA switched off", settings(false, None, None), "2026-03-02T00:00:00Z"),
            ("days before the CA", settings(true, Some(31.0), None), "2026-03-01T00:00:00Z"),
            ("CA before days", settings(true, Some(10.0), None), "2026-03-11T00:00:00Z"),
            ("fraction", settings(false, None, Some(0.5)), "2026-02-15T00:00:00Z"),
            ("days and fraction", settings(false, Some(60.0), Some(0.5)), "2026-01-31T00:00:00Z"),
        ];
        for (name, settings, expected) in cases {
            assert_eq!(due(settings, quarter(), ca.as_ref()).at, at(expected), "{name}");
        }
    }

    #[test]
    fn a_setting_longer_than_the_lifetime_does_not_renew_on_every_run() {
        let six_days = validity("2026-01-01T00:00:00Z", "2026-01-07T00:00:00Z");
        let settings = Settings { ari: false, remaining_days: Some(30.0), remaining_fraction: None };
        let due = due(settings, six_days, None);
        assert_eq!(due.at, at("2026-01-04T00:00:00Z"));
        assert!(due.reason.to_string().contains("longer than this lifetime"), "{}", due.reason);
    }

    #[test]
    fn an_expired_certificate_is_due() {
        let due = due(Settings::default(), quarter(), None);
        assert!(due.is_due(at("2027-01-01T00:00:00Z")));
        assert!(!due.is_due(at("2026-02-01T00:00:00Z")));
    }

    #[test]
    fn a_window_in_the_past_is_due_even_before_the_certificate_began() {
        let past = drawn("2025-12-01T00:00:00Z", "2025-12-02T00:00:00Z", 0.3);
        let due = due(Settings::default(), quarter(), past.as_ref());
        assert!(due.is_due(at("2026-01-02T00:00:00Z")));
        assert!(due.reason.to_string().starts_with("the CA suggests renewal between 2025-12-01"), "{}", due.reason);
    }

    #[test]
    fn a_window_without_width_counts_as_no_answer() {
        assert_eq!(drawn("2026-03-10T00:00:00Z", "2026-03-10T00:00:00Z", 0.5), None);
        assert_eq!(drawn("2026-03-10T00:00:00Z", "2026-03-09T00:00:00Z", 0.5), None);
    }

    #[test]
    fn the_moment_stays_while_the_window_stays() {
        let (start, end) = ("2026-03-10T00:00:00Z", "2026-03-12T00:00:00Z");
        let first = drawn(start, end, 0.25);
        let kept = Drawn::keep_or_draw(first.clone(), window(start, end), 0.9);
        assert_eq!(kept, first);
        let moved = Drawn::keep_or_draw(first.clone(), window("2026-02-10T00:00:00Z", end), 0.0);
        assert_eq!(moved.unwrap().at, at("2026-02-10T00:00:00Z"));
    }

    #[test]
    fn the_steps_of_a_ca_are_no_jump_and_another_kind_of_certificate_is_one() {
        let days = |days: i64| SignedDuration::from_hours(days * 24);
        for (before, now, jumps) in
            [(90, 64, false), (64, 45, false), (90, 45, false), (90, 6, true), (6, 90, true), (45, 6, true)]
        {
            assert_eq!(is_jump(days(before), days(now)), jumps, "{before} to {now}");
        }
    }

    #[test]
    fn certificates_of_64_45_and_6_days_renew_in_time() {
        let lived = |days: i64| {
            let validity = Validity {
                not_before: at("2026-11-01T00:00:00Z"),
                not_after: at("2026-11-01T00:00:00Z").checked_add(SignedDuration::from_hours(days * 24)).unwrap(),
            };
            let due = due(Settings::default(), validity, None).at;
            due.duration_since(validity.not_before).as_hours() / 24
        };
        assert_eq!([90, 64, 45, 6].map(lived), [60, 42, 30, 3]);
        // A setting of 30 days from the time of 90-day certificates is honoured with 45, and has no effect where it is too long.
        let long = Settings { remaining_days: Some(30.0), ..Settings::default() };
        let short = Validity { not_before: at("2026-11-01T00:00:00Z"), not_after: at("2026-12-16T00:00:00Z") };
        assert_eq!(due(long, short, None).at, at("2026-11-16T00:00:00Z"));
    }

    proptest::proptest! {
        #[test]
        fn every_draw_lies_in_its_window(width in 1i64..10_000_000, chance in 0.0f64..1.0) {
            let start = at("2026-03-10T00:00:00Z");
            let end = start.checked_add(SignedDuration::from_secs(width)).unwrap();
            let window = Window { start, end, explanation_url: None };
            let moment = Drawn::keep_or_draw(None, window, chance).unwrap().at;
            proptest::prop_assert!(moment >= start && moment <= end);
        }
    }
}

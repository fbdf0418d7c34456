//! A report as a person reads it: a tree of the objects, then the causes.

use crate::domain::diagnosis::{Evidence, Finding, Health, Link, LinkState, Report, Severity};
use crate::domain::rollout::deepest_clauses;
use crate::env::Env;

/// The narrowest that is written for.
const NARROWEST: usize = 60;

/// The width where nobody says any.
const USUAL: usize = 110;

/// How much of an object's own words the tree shows: their end, where the cause stands.
const WORDS: usize = 240;

/// How the output looks.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether to colour.
    pub is_coloured: bool,
    /// Columns.
    pub width: usize,
    /// Whether a terminal shows it.
    pub is_terminal: bool,
}

impl Style {
    /// As terminal and environment want it (no-color.org: any value but an empty one switches colours off).
    pub fn of(env: &Env, is_terminal: bool) -> Self {
        let is_dumb = env.get("TERM") == Some("dumb");
        let columns = env.get("COLUMNS").and_then(|text| text.parse().ok());
        let own = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)).filter(|_| is_terminal);
        let width = columns.or_else(own).unwrap_or(USUAL).max(NARROWEST);
        Self { is_coloured: is_terminal && env.get("NO_COLOR").is_none() && !is_dumb, width, is_terminal }
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.is_coloured { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }
}

const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const GREY: &str = "90";

/// The whole report.
pub fn render(report: &Report, style: &Style) -> String {
    let (mark, colour) = match report.health {
        Health::Healthy => ("✓", GREEN),
        Health::Failing => ("✗", RED),
        Health::Unknown => ("?", YELLOW),
    };
    let mut out = format!(
        "{} {}\n",
        style.paint(colour, mark),
        style.bold(&format!("{}: {}", report.subject, report.health.name()))
    );
    for (index, link) in report.chain.iter().enumerate() {
        let later = report.chain.get(index + 1..).unwrap_or_default();
        out.push_str(&branch(link, later, style));
    }
    for (index, finding) in report.findings.iter().enumerate() {
        out.push('\n');
        out.push_str(&cause(index + 1, finding, style));
    }
    if !report.unread.is_empty() {
        out.push('\n');
        out.push_str(&style.paint(YELLOW, "Could not be read"));
        out.push('\n');
        for what in &report.unread {
            out.push_str(&wrapped(what, "  ", "    ", style.width));
        }
    }
    out
}

/// One object, below the lines that lead to it.
fn branch(link: &Link, later: &[Link], style: &Style) -> String {
    let has_sibling = |depth: usize| {
        let until = later.iter().take_while(|it| it.depth >= depth);
        until.into_iter().any(|it| it.depth == depth)
    };
    let mut lead = String::new();
    let mut below = String::new();
    for depth in 1..=link.depth {
        let goes_on = has_sibling(depth);
        below.push_str(if goes_on { "│  " } else { "   " });
        lead.push_str(match (depth == link.depth, goes_on) {
            (true, true) => "├─ ",
            (true, false) => "└─ ",
            (false, true) => "│  ",
            (false, false) => "   ",
        });
    }
    let (mark, colour) = match link.state {
        LinkState::Ok => ("✓", GREEN),
        LinkState::Waiting => ("…", YELLOW),
        LinkState::Failing => ("✗", RED),
        LinkState::Absent => ("∅", RED),
        LinkState::Unknown => ("?", GREY),
    };
    let title =
        format!("  {lead}{} {} {}\n", style.paint(colour, mark), link.object, style.paint(colour, link.state.name()));
    if link.words.is_empty() {
        return title;
    }
    let words = deepest_clauses(&one_line(&link.words), WORDS);
    let indent = format!("  {below}  ");
    let lines = wrapped(&words, &indent, &indent, style.width);
    let grey: Vec<_> = lines.lines().map(|line| style.paint(GREY, line)).collect();
    format!("{title}{}\n", grey.join("\n"))
}

/// One cause: what it is, what was seen, what to do.
fn cause(number: usize, finding: &Finding, style: &Style) -> String {
    let colour = match finding.severity {
        Severity::Failure => RED,
        Severity::Warning => YELLOW,
        Severity::Note => GREY,
    };
    let title =
        format!("{number}. {} {}", style.paint(colour, finding.severity.name()), style.bold(finding.cause.code()));
    let mut out = format!("{title}\n");
    out.push_str(&wrapped(&format!("{}: {}", finding.subject, finding.cause.meaning()), "   ", "   ", style.width));
    for (index, seen) in finding.evidence.iter().enumerate() {
        let head = if index == 0 { "   seen  " } else { "         " };
        out.push_str(&wrapped(&seen_words(seen), head, "           ", style.width));
    }
    out.push_str(&wrapped(&finding.remedy, "   do    ", "         ", style.width));
    out
}

fn seen_words(seen: &Evidence) -> String {
    let time = seen.time.as_ref().map(|time| format!(" ({time})")).unwrap_or_default();
    format!("{} {}: {}{time}", seen.object, seen.field, seen.text)
}

fn one_line(words: &str) -> String {
    let plain: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text in lines of at most `width` characters, broken at blanks.
fn wrapped(text: &str, first: &str, next: &str, width: usize) -> String {
    let mut out = String::new();
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in one_line(text).split(' ') {
        let length = line.chars().count() + word.chars().count() + usize::from(!is_empty);
        if !is_empty && length > width {
            out.push_str(line.trim_end());
            out.push('\n');
            next.clone_into(&mut line);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::diagnosis::Cause;

    fn report() -> Report {
        let link = |depth, object: &str, state, words: &str| Link {
            depth,
            object: object.to_owned(),
            state,
            words: words.to_owned(),
        };
        let seen = |object: &str| Evidence {
            object: object.to_owned(),
            field: "status.reason".to_owned(),
            text: "lookup hub.test: no such host\u{1b}[2J".to_owned(),
            time: Some("2026-11-29T12:00:00Z".to_owned()),
        };
        Report {
            subject: "Certificate apps/web".to_owned(),
            health: Health::Failing,
            findings: vec![Finding {
                cause: Cause::NameNotFound,
                severity: Severity::Failure,
                subject: "hub.test".to_owned(),
                evidence: vec![seen("Challenge apps/web-1"), seen("DNS hub.test")],
                remedy: "Make the record that leads to the load balancer of the ingress, and wait until the zone's servers have it.".to_owned(),
            }],
            chain: vec![
                link(0, "Certificate apps/web", LinkState::Waiting, "not there yet"),
                link(1, "Issuer apps/le", LinkState::Ok, ""),
                link(1, "CertificateRequest apps/web-1", LinkState::Waiting, ""),
                link(2, "Order apps/web-1", LinkState::Waiting, ""),
                link(1, "Secret apps/web-tls", LinkState::Absent, ""),
            ],
            unread: vec!["Deployment: it may not be read (list is not allowed)".to_owned()],
        }
    }

    #[test]
    fn a_report_is_a_tree_and_its_causes() {
        let style = Style { is_coloured: false, width: 72, is_terminal: false };
        insta::assert_snapshot!(render(&report(), &style));
    }

    #[test]
    fn colours_are_for_terminals_that_want_them_and_words_bring_none() {
        let env = |pairs: &[(&str, &str)]| pairs.iter().copied().collect::<Env>();
        assert!(Style::of(&env(&[]), true).is_coloured && !Style::of(&env(&[]), false).is_coloured);
        assert!(!Style::of(&env(&[("NO_COLOR", "1")]), true).is_coloured);
        assert!(!Style::of(&env(&[("TERM", "dumb")]), true).is_coloured);
        assert_eq!(Style::of(&env(&[("COLUMNS", "90")]), false).width, 90);
        assert_eq!(Style::of(&env(&[("COLUMNS", "9")]), false).width, NARROWEST);
        let style = Style { is_coloured: true, width: 72, is_terminal: true };
        let shown = render(&report(), &style);
        assert!(shown.contains("\u{1b}[31m") && !shown.contains("\u{1b}[2J"), "{shown}");
    }
}

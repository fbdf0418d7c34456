//! The telling part of what logs, errors and events say.

use super::Event;

/// The lines of a log that tell most about a failure, within `limit` characters: those that speak of
/// an error if there are any, else the last ones; always in their order.
pub fn telling_lines(log: &str, limit: usize) -> String {
    let lines: Vec<&str> = log.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let speaking: Vec<&str> = lines.iter().filter(|line| speaks_of_failure(line)).copied().collect();
    last_within(if speaking.is_empty() { &lines } else { &speaking }, limit)
}

/// Whether a line or a whole log speaks of something that went wrong.
pub fn speaks_of_failure(log: &str) -> bool {
    let log = log.to_lowercase();
    ["error", "fatal", "panic", "denied", "failed"].iter().any(|word| log.contains(word))
}

/// How distribution begins what it says about storage that it cannot use (`registry/handlers/app.go`,
/// `RegisterHealthChecks`; from its third major version on).
const STORAGE_CHECK: &str = "storage driver health check: ";

/// The last complaint of a registry about its storage, in its own words.
pub fn storage_complaint(log: &str) -> Option<String> {
    let line = log.lines().rev().find(|line| line.contains(STORAGE_CHECK))?;
    let words = line.get(line.find(STORAGE_CHECK)?..)?;
    let words = unquoted(words).split_whitespace().collect::<Vec<_>>().join(" ");
    // What follows is new each time.
    Some(words.split(", request id:").next().unwrap_or_default().to_owned())
}

/// The text up to the quotation mark that ends it, its escapes undone.
fn unquoted(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => break,
            '\\' => match characters.next() {
                Some('n' | 't' | 'r') => plain.push(' '),
                other => plain.extend(other),
            },
            c => plain.push(c),
        }
    }
    plain
}

/// The end of a long chain of clauses (`a: b: c`), where its deepest cause stands, within `limit` characters.
pub fn deepest_clauses(words: &str, limit: usize) -> String {
    if words.chars().count() <= limit {
        return words.to_owned();
    }
    let mut kept = "";
    for (place, _) in words.rmatch_indices(": ") {
        let end = words.get(place + 2..).unwrap_or_default();
        if end.chars().count() > limit {
            break;
        }
        kept = end;
    }
    if kept.is_empty() { words.chars().take(limit).collect() } else { format!("… {kept}") }
}

/// As many of the last lines as fit; of a single line that does not fit, its beginning.
fn last_within(lines: &[&str], limit: usize) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut length = 0;
    for line in lines.iter().rev() {
        length += line.chars().count() + 3;
        if length > limit && !kept.is_empty() {
            break;
        }
        kept.push(line);
    }
    kept.reverse();
    kept.dedup();
    kept.join(" | ").chars().take(limit).collect()
}

/// Whether an autoscaler has announced a node for the Pod that the events are about (cluster-autoscaler and Karpenter).
pub fn promises_a_node(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event.reason.as_str(), "TriggeredScaleUp" | "Nominated"))
}

/// The last warnings among the events of an object, newest last, each told once, at most `count`.
pub fn last_warnings(events: &[Event], count: usize) -> Vec<String> {
    let mut warnings: Vec<&Event> = events.iter().filter(|it| it.r#type == "Warning").collect();
    warnings.sort_by_key(|event| &event.last_timestamp);
    let mut told: Vec<String> = Vec::new();
    for event in warnings {
        let text = format!("{}: {}", event.reason, event.message.as_deref().unwrap_or_default());
        told.retain(|earlier| *earlier != text);
        told.push(text);
    }
    told.split_off(told.len().saturating_sub(count))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shows_the_error_and_not_the_usage_text_after_it() {
        let log = "starting\nconfiguration error: no storage\nUsage:\n  registry serve <config>\n";
        assert_eq!(telling_lines(log, 400), "configuration error: no storage");
        assert_eq!(telling_lines("one\ntwo\nthree", 16), "two | three");
        assert_eq!(telling_lines(&"x".repeat(900), 400).len(), 400);
    }

    #[test]
    fn the_last_complaint_about_the_storage_is_read_out_of_its_line() {
        let log = "time=\"a\" level=info msg=\"listening on [::]:5000\" version=3\n\
            time=\"b\" level=error msg=\"storage driver health check: s3aws: AccessDenied\" version=3\n\
            time=\"c\" level=error msg=\"storage driver health check: s3aws: NoSuchBucket: The \\\"x\\\" does not exist\\n\\tstatus \
            code: 404, request id: \" go.version=go1 version=3\ntime=\"d\" level=info msg=\"GET /\"\n";
        let words = "storage driver health check: s3aws: NoSuchBucket: The \"x\" does not exist status code: 404";
        assert_eq!(storage_complaint(log).as_deref(), Some(words));
        assert_eq!(storage_complaint("level=info msg=\"listening\""), None);
        assert_eq!(
            storage_complaint("{\"msg\":\"storage driver health check: a: b\",\"x\":1}").as_deref(),
            Some("storage driver health check: a: b")
        );
    }

    #[test]
    fn the_deepest_cause_of_a_long_chain_is_kept() {
        let words = format!("failed to pull \"{}\": failed to resolve: status code 401 Unauthorized", "x".repeat(300));
        assert_eq!(deepest_clauses(&words, 100), "… failed to resolve: status code 401 Unauthorized");
        assert_eq!(deepest_clauses("short: text", 100), "short: text");
        assert_eq!(deepest_clauses(&"x".repeat(300), 100).len(), 100);
    }

    #[test]
    fn tells_each_warning_once_newest_last() {
        let event = |kind: &str, message: &str, time: &str| -> Event {
            serde_json::from_value(json!({
                "type": kind, "reason": "R", "message": message, "lastTimestamp": time,
                "metadata": {}, "involvedObject": {},
            }))
            .unwrap()
        };
        let events = [
            event("Warning", "b", "2026-01-01T00:00:02Z"),
            event("Normal", "n", "2026-01-01T00:00:03Z"),
            event("Warning", "a", "2026-01-01T00:00:01Z"),
            event("Warning", "b", "2026-01-01T00:00:04Z"),
        ];
        assert_eq!(last_warnings(&events, 5), ["R: a", "R: b"]);
        assert_eq!(last_warnings(&events, 1), ["R: b"]);
    }
}

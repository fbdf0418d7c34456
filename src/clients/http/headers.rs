//! What stands in the headers of any server's answer.

use std::time::Duration;

use ::http::HeaderMap;
use ::http::header::{LINK, RETRY_AFTER};
use jiff::Timestamp;

/// The pause that a server asks for: seconds or an HTTP date (RFC 9110 §10.2.3), as a time from now.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
}

/// The targets of the Link headers of one relation (RFC 8288 §3). A relation may be one of several in a parameter, and
/// targets and quoted texts may hold commas and semicolons.
pub fn links(headers: &HeaderMap, relation: &str) -> Vec<String> {
    let values = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    let links = values.flat_map(|value| parts(value, ',')).filter_map(|link| link_target(link, relation));
    links.collect()
}

fn link_target(link: &str, relation: &str) -> Option<String> {
    let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    let relations = parts(parameters, ';').into_iter().find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("rel").then(|| value.trim().trim_matches('"'))
    })?;
    let is_it = relations.split_ascii_whitespace().any(|one| one.eq_ignore_ascii_case(relation));
    is_it.then(|| target.trim().to_owned())
}

/// What stands between separators, those within `<…>` and `"…"` left out.
fn parts(text: &str, separator: char) -> Vec<&str> {
    let (mut in_target, mut in_quotes) = (false, false);
    let split = text.split(move |letter: char| {
        match letter {
            '"' if !in_target => in_quotes = !in_quotes,
            '<' if !in_quotes => in_target = true,
            '>' if !in_quotes => in_target = false,
            _ => {}
        }
        letter == separator && !in_target && !in_quotes
    });
    split.collect()
}

#[cfg(test)]
mod tests {
    use ::http::HeaderValue;

    use super::*;

    #[test]
    fn reads_retry_after_as_seconds_and_as_a_date() {
        let now = "2026-11-21T06:00:00Z".parse().unwrap();
        let pause = |text: &str| retry_after(&HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]), now);
        assert_eq!(pause(" 120 "), Some(Duration::from_mins(2)));
        assert_eq!(pause("Sat, 21 Nov 2026 06:01:00 GMT"), Some(Duration::from_mins(1)));
        assert_eq!(pause("Sat, 21 Nov 2026 05:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(pause("soon"), None);
    }

    #[test]
    fn finds_the_links_of_a_relation() {
        let mut headers = HeaderMap::new();
        headers.append(
            LINK,
            HeaderValue::from_static("<https://ca/dir>;rel=\"index\", <https://ca/c/1>;rel=\"alternate\""),
        );
        headers.append(LINK, HeaderValue::from_static("<https://ca/c/2>; rel=alternate"));
        headers.append(
            LINK,
            HeaderValue::from_static(
                r#"<https://ca/c/3?of=a,b>; title="x, <y>; rel=up"; REL="up Alternate", <x>;rel=up"#,
            ),
        );
        assert_eq!(links(&headers, "alternate"), ["https://ca/c/1", "https://ca/c/2", "https://ca/c/3?of=a,b"]);
    }
}

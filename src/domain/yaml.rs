//! YAML as manifests have it: read as kubectl reads it, which is YAML 1.1 (`yes`, `on`, `0777`).
//!
//! Rules of plain scalars: go.yaml.in/yaml v2, `resolve.go`, through sigs.k8s.io/yaml. A key that stands twice is told;
//! kubectl takes the last one.

mod json;
mod scalar;

use std::collections::HashMap;

use serde_json::{Map, Value};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

pub use json::of_json;

/// How many values aliases may make of one text.
const NODES: usize = 2_000_000;

/// How deep values may stand in each other: as deep as what the API server answers is read.
const DEPTH: usize = 127;

/// The key whose mapping is joined with the one that it stands in.
const MERGE: &str = "<<";

/// One document of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The line that it begins on, from 1.
    pub line: usize,
    /// What it says.
    pub value: Value,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong there; it may quote the text.
    pub what: String,
}

/// The documents of a text that are not empty.
///
/// # Errors
/// The text is no YAML.
pub fn documents(text: &str) -> Result<Vec<Document>, Fault> {
    if text.trim_start().starts_with('{')
        && let Some(found) = json_documents(text)
    {
        return Ok(found);
    }
    let mut reader = Reader { events: Parser::new_from_str(text), anchors: HashMap::new(), nodes: 0, depth: 0 };
    let mut found = Vec::new();
    while let Some((event, span)) = reader.next()? {
        if matches!(event, Event::DocumentStart(..)) {
            reader.anchors.clear();
            if let Some(document) = reader.document(&span)? {
                found.push(document);
            }
        }
    }
    Ok(found)
}

/// JSON may be indented by tabs, which YAML does not take everywhere.
fn json_documents(text: &str) -> Option<Vec<Document>> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let mut found = Vec::new();
    loop {
        let line = text.get(..stream.byte_offset())?.lines().count().max(1);
        match stream.next() {
            Some(Ok(value)) => found.push(Document { line, value }),
            Some(Err(_)) => return None,
            None => return Some(found),
        }
    }
}

struct Reader<'a> {
    events: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Value>,
    nodes: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, Fault> {
        loop {
            let next = self.events.next_event().transpose().map_err(|error| fault_of(&error))?;
            if next.as_ref().is_none_or(|(event, _)| is_content(event)) {
                return Ok(next);
            }
        }
    }

    fn expected(&mut self) -> Result<(Event<'a>, Span), Fault> {
        self.next()?.ok_or_else(|| Fault { line: 1, column: 1, what: "the text ends in the middle".to_owned() })
    }

    /// The document, unless it is empty.
    fn document(&mut self, start: &Span) -> Result<Option<Document>, Fault> {
        let (event, span) = self.expected()?;
        if matches!(event, Event::DocumentEnd | Event::StreamEnd) {
            return Ok(None);
        }
        let line = span.start.line().max(start.start.line());
        let value = self.value(event, &span)?;
        Ok((!value.is_null()).then_some(Document { line, value }))
    }

    fn value(&mut self, event: Event<'a>, span: &Span) -> Result<Value, Fault> {
        self.count(span, 1)?;
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => (scalar(&text, style, tag.as_deref(), span)?, anchor),
            Event::SequenceStart(_, anchor, _) => (self.below(span, Self::sequence)?, anchor),
            Event::MappingStart(_, anchor, _) => (self.below(span, Self::mapping)?, anchor),
            Event::Alias(anchor) => (self.aliased(anchor, span)?, 0),
            _ => return Err(fault(span, "a value is missing")),
        };
        if anchor != 0 {
            self.count(span, size(&value))?;
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    /// What stands in a list or mapping.
    fn below(&mut self, span: &Span, read: fn(&mut Self) -> Result<Value, Fault>) -> Result<Value, Fault> {
        if self.depth == DEPTH {
            return Err(fault(span, "lists and mappings stand too deep in each other"));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// Another copy of what bears an anchor, which may hold aliases itself.
    fn aliased(&mut self, anchor: usize, span: &Span) -> Result<Value, Fault> {
        let known = self.anchors.get(&anchor).map(|value| (size(value), depth(value)));
        let (size, depth) = known.ok_or_else(|| fault(span, "an alias refers to what contains it"))?;
        self.count(span, size)?;
        if self.depth + depth > DEPTH {
            return Err(fault(span, "lists and mappings stand too deep in each other"));
        }
        Ok(self.anchors.get(&anchor).cloned().unwrap_or_default())
    }

    fn sequence(&mut self) -> Result<Value, Fault> {
        let mut elements = Vec::new();
        loop {
            match self.expected()? {
                (Event::SequenceEnd, _) => return Ok(Value::Array(elements)),
                (event, span) => elements.push(self.value(event, &span)?),
            }
        }
    }

    fn mapping(&mut self) -> Result<Value, Fault> {
        let (mut own, mut merged) = (Map::new(), Map::new());
        loop {
            let (event, span) = self.expected()?;
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let is_merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, _) if text == MERGE);
            let key = self.value(event, &span)?;
            let (event, at) = self.expected()?;
            let value = self.value(event, &at)?;
            if is_merge {
                merge(&mut merged, value).ok_or_else(|| fault(&at, "`<<` wants a mapping, or a list of mappings"))?;
                continue;
            }
            let key = key_text(&key).ok_or_else(|| fault(&span, "a key is a list or a mapping"))?;
            if own.contains_key(&key) {
                return Err(fault(&span, &format!("the key `{key}` stands here a second time")));
            }
            own.insert(key, value);
        }
        for (key, value) in merged {
            own.entry(key).or_insert(value);
        }
        Ok(Value::Object(own))
    }

    fn count(&mut self, span: &Span, more: usize) -> Result<(), Fault> {
        self.nodes += more;
        if self.nodes > NODES { Err(fault(span, "aliases make too much of it")) } else { Ok(()) }
    }
}

/// Whether an event is none of a comment, which is told only where another crate wants it so.
fn is_content(event: &Event<'_>) -> bool {
    event.is_node()
        || matches!(
            event,
            Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(..)
                | Event::DocumentEnd
                | Event::SequenceEnd
                | Event::MappingEnd
        )
}

/// The first of several that has a key wins.
fn merge(into: &mut Map<String, Value>, value: Value) -> Option<()> {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                into.entry(key).or_insert(value);
            }
            Some(())
        }
        Value::Array(elements) => elements.into_iter().try_for_each(|element| match element {
            Value::Object(_) => merge(into, element),
            _ => None,
        }),
        _ => None,
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(size).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

fn depth(value: &Value) -> usize {
    let deepest = match value {
        Value::Array(elements) => elements.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    1 + deepest.unwrap_or(0)
}

/// A key as JSON has it.
fn key_text(key: &Value) -> Option<String> {
    match key {
        Value::String(text) => Some(text.clone()),
        Value::Null => Some("null".to_owned()),
        Value::Bool(_) | Value::Number(_) => Some(key.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, span: &Span) -> Result<Value, Fault> {
    let known = tag.and_then(|tag| tag.suffix_in_namespace("tag:yaml.org,2002:"));
    // What bears a tag of somebody's own is a text.
    let is_plain = style == ScalarStyle::Plain && (tag.is_none() || known.is_some());
    scalar::resolve(text, is_plain, known.as_deref()).map_err(|what| fault(span, &what))
}

fn fault(span: &Span, what: &str) -> Fault {
    Fault { line: span.start.line(), column: span.start.col() + 1, what: what.to_owned() }
}

fn fault_of(error: &ScanError) -> Fault {
    let at = error.marker();
    Fault { line: at.line(), column: at.col() + 1, what: error.info().clone() }
}

/// Documents as a text. As JSON where YAML's writers and Go's reader do not agree: a text whose first character is a tab.
pub fn written<'a>(documents: impl IntoIterator<Item = &'a Value>) -> String {
    let mut text = String::new();
    for document in documents {
        if !text.is_empty() {
            text.push_str("---\n");
        }
        match serde_saphyr::to_string(document) {
            Ok(written) if is_read_back(&written, document) => text.push_str(&written),
            _ => {
                let json = format!("{document:#}");
                text.push_str(&json);
            }
        }
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    text
}

fn is_read_back(text: &str, document: &Value) -> bool {
    !has_leading_tab(document) && documents(text).is_ok_and(|read| matches!(&*read, [only] if only.value == *document))
}

fn has_leading_tab(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with('\t'),
        Value::Array(elements) => elements.iter().any(has_leading_tab),
        Value::Object(members) => members.values().any(has_leading_tab),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Vec<Value> {
        documents(text).unwrap().into_iter().map(|document| document.value).collect()
    }

    #[test]
    fn documents_are_told_apart_and_empty_ones_left_out() {
        let text = "# head\n---\na: 1 # one\n---\n# nothing\n---\n\n---\nb: [x, # a\n  z]\n# end\n...\n";
        assert_eq!(read(text), [json!({ "a": 1 }), json!({ "b": ["x", "z"] })]);
        assert_eq!(read(""), Vec::<Value>::new());
        let lines: Vec<_> = documents(text).unwrap().iter().map(|document| document.line).collect();
        assert_eq!(lines, [3, 9]);
    }

    #[test]
    fn json_with_tabs_is_read_and_several_values_of_it() {
        assert_eq!(read("{\n\t\"a\": 1\n}\n{\"b\": 2}"), [json!({ "a": 1 }), json!({ "b": 2 })]);
        assert_eq!(read("{a: 1}\n---\nb: 2"), [json!({ "a": 1 }), json!({ "b": 2 })]);
    }

    #[test]
    fn anchors_aliases_and_merges_are_followed() {
        let text =
            "base: &base {a: 1, b: 2}\none:\n  <<: *base\n  b: 3\ntwo: *base\nthree: {<<: [{c: 1}, {c: 2, d: 4}]}\n";
        assert_eq!(
            read(text),
            [
                json!({ "base": { "a": 1, "b": 2 }, "one": { "a": 1, "b": 3 }, "two": { "a": 1, "b": 2 }, "three": { "c": 1, "d": 4 } })
            ]
        );
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        let told = |text: &str| documents(text).unwrap_err();
        let twice = told("a: 1\nb: 2\na: 3\n");
        assert_eq!((twice.line, twice.column), (3, 1));
        assert!(twice.what.contains("`a`"), "{twice:?}");
        assert!(told("a: 1\nb: [1, 2\n").line > 1);
        assert!(documents("a: *nowhere").is_err());
    }

    #[test]
    fn aliases_that_multiply_are_stopped() {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..9 {
            let part = vec![format!("*a{}", level - 1); 10].join(",");
            let line = format!("a{level}: &a{level} [{part}]\n");
            text.push_str(&line);
        }
        assert!(documents(&text).unwrap_err().what.contains("too much"));
    }

    #[test]
    fn what_stands_too_deep_is_told_also_through_aliases() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(documents(&nested(DEPTH)).is_ok());
        assert!(documents(&nested(200)).unwrap_err().what.contains("too deep") && documents(&nested(100_000)).is_err());
        let doubled = format!("a: &a {}\nb: {}*a{}\n", nested(80), "[".repeat(80), "]".repeat(80));
        assert!(documents(&doubled).unwrap_err().what.contains("too deep"));
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let documents = [
            json!({ "a": "yes", "b": "0777", "c": "1e3", "d": null, "e": "\tall:\n", "f": "x\n\ty\n", "g": "~", "h": "2001-01-01" }),
            json!({ "a": [1, true, "on", { "b": "a: b # c" }], "m": {} }),
            json!({ "n": "y", "o": "1_000", "p": "-0b11", "q": ".5", "r": "0x1F", "s": "" }),
        ];
        assert_eq!(read(&written(&documents)), documents);
    }
}

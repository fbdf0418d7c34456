//! Log lines in the form hosts read: one JSON object a line on stderr, as go-hclog writes them.

use std::{
    fmt::{Debug, Write as _},
    io::{self, Write},
    sync::Arc,
};

use jiff::{Timestamp, fmt::temporal::DateTimePrinter};
use serde_json::{Map, Value};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::{clock::Clock, env::Env, secret::hidden};

/// Hosts read lines of at most 64 KiB; a value longer than this many bytes is cut.
const VALUE_LIMIT: usize = 8 << 10;
/// The host takes a timestamp with exactly six digits of a second, and any other for plain text.
const TIMESTAMP: DateTimePrinter = DateTimePrinter::new().precision(Some(6));
/// The target of what this crate logs.
const FRAMEWORK: &str = "tfplugin";

/// Logs from now on at the level that the environment asks for.
pub fn init(name: &str, env: &Env) {
    let layer = Hclog::new(Clock::system(), |line| {
        // There is nobody to tell that stderr is closed.
        let _ = io::stderr().lock().write_all(line);
    });
    // An error says that somebody else logs already, which only a test's process does.
    let _ = tracing_subscriber::registry().with(layer.with_filter(targets(name, env))).try_init();
}

/// The provider's events and the framework's at the asked level. What libraries log may hold whole requests and answers, in warnings too (a client
/// writes an answer that is no JSON), so it never leaves.
fn targets(name: &str, env: &Env) -> Targets {
    Targets::new().with_target(FRAMEWORK, level(name, env)).with_target(name, level(name, env))
}

/// The level of `TF_LOG_PROVIDER_<NAME>`, `TF_LOG_PROVIDER` or `TF_LOG`; errors only when none is set.
pub fn level(name: &str, env: &Env) -> LevelFilter {
    let own = format!("TF_LOG_PROVIDER_{}", name.to_uppercase().replace('-', "_"));
    let Some((_, value)) = env.first(&[&own, "TF_LOG_PROVIDER", "TF_LOG"]) else { return LevelFilter::ERROR };
    match value.to_uppercase().as_str() {
        "OFF" => LevelFilter::OFF,
        "ERROR" => LevelFilter::ERROR,
        "WARN" => LevelFilter::WARN,
        "INFO" => LevelFilter::INFO,
        "DEBUG" => LevelFilter::DEBUG,
        // `TRACE`, `JSON`, and what hosts do not know either and take for `TRACE`.
        _ => LevelFilter::TRACE,
    }
}

/// Writes each event as one line.
struct Hclog<W> {
    clock: Clock,
    write: Arc<W>,
}

impl<W: Fn(&[u8]) + Send + Sync + 'static> Hclog<W> {
    fn new(clock: Clock, write: W) -> Self {
        Self { clock, write: Arc::new(write) }
    }
}

impl<S, W> Layer<S> for Hclog<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&[u8]) + Send + Sync + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flatten().collect::<Vec<_>>().into_iter().rev() {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.0.extend(outer.0.clone());
            }
        }
        event.record(&mut fields);
        let metadata = event.metadata();
        let line = fields.into_line(*metadata.level(), metadata.target(), self.clock.now());
        (self.write)(line.as_bytes());
    }
}

/// The fields of an event or a span, `message` among them.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        // A leading `@` is for the keys of the format itself.
        self.0.insert(field.name().trim_start_matches('@').to_owned(), value.into());
    }

    fn into_line(mut self, level: Level, module: &str, now: Timestamp) -> String {
        let message = self.0.remove("message").and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default();
        let mut line = Map::new();
        let mut head = |key: &str, text: String| line.insert(key.to_owned(), Value::String(text));
        head("@level", level.as_str().to_lowercase());
        head("@message", message);
        head("@module", module.replace("::", "."));
        head("@timestamp", TIMESTAMP.timestamp_to_string(&now));
        line.append(&mut self.0);
        Value::Object(line).to_string() + "\n"
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, shown(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        // Writing to a text fails only if the value's own Debug does; then what it wrote so far is shown.
        let _ = write!(text, "{value:?}");
        self.put(field, shown(&text));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }
}

/// The text without known secrets, or as much of its start as a line has room for.
fn shown(text: &str) -> String {
    let text = hidden(text);
    if text.len() <= VALUE_LIMIT {
        return text.into_owned();
    }
    let start = &text[..text.floor_char_boundary(VALUE_LIMIT)];
    format!("{start}… ({} bytes left out)", text.len().saturating_sub(start.len()))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs.iter().copied().collect()
    }

    /// What `act` logs, with all levels on and the clock standing still.
    fn lines(filter: Targets, act: impl FnOnce()) -> Vec<Value> {
        let out = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&out);
        let clock = Clock::fixed("2026-11-21T06:00:00.5Z".parse().unwrap());
        let layer = Hclog::new(clock, move |line: &[u8]| sink.lock().unwrap().extend_from_slice(line));
        let subscriber = tracing_subscriber::registry().with(layer.with_filter(filter));
        tracing::subscriber::with_default(subscriber, act);
        let text = String::from_utf8(out.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn the_most_specific_variable_wins() {
        let level = |pairs: &[(&str, &str)]| level("small", &env(pairs));
        assert_eq!(level(&[]), LevelFilter::ERROR);
        assert_eq!(level(&[("TF_LOG", "JSON")]), LevelFilter::TRACE);
        assert_eq!(level(&[("TF_LOG", "trace"), ("TF_LOG_PROVIDER", "info")]), LevelFilter::INFO);
        assert_eq!(level(&[("TF_LOG_PROVIDER", "TRACE"), ("TF_LOG_PROVIDER_SMALL", "OFF")]), LevelFilter::OFF);
    }

    #[test]
    fn a_line_has_the_keys_of_hclog_and_six_digits_of_a_second() {
        let all = Targets::new().with_default(LevelFilter::TRACE);
        let lines = lines(all, || {
            let span = tracing::info_span!("call", rpc = "Apply", r#type = "small_x");
            let _entered = span.enter();
            tracing::info!(zone_id = "Z1", count = 3, ok = true, "changed the zone");
        });
        let expected = serde_json::json!({
            "@level": "info", "@message": "changed the zone", "@module": "tfplugin.plugin.log.tests",
            "@timestamp": "2026-11-21T06:00:00.500000Z",
            "rpc": "Apply", "type": "small_x", "zone_id": "Z1", "count": 3, "ok": true,
        });
        assert_eq!(lines, [expected]);
    }

    #[test]
    fn what_libraries_say_stays_inside() {
        let lines = lines(targets("small", &env(&[("TF_LOG", "TRACE")])), || {
            tracing::trace!(target: "hyper::proto", "authorization: Bearer x");
            tracing::warn!(target: "http_client::client", "{{\"data\":{{\"password\":\"eA==\"");
            tracing::error!(target: "http_client::client::builder", "failed with error");
            tracing::trace!(target: "small::disks", "asked");
        });
        let messages: Vec<_> = lines.iter().map(|line| line["@message"].as_str().unwrap()).collect();
        assert_eq!(messages, ["asked"]);
    }

    #[test]
    fn known_secrets_are_in_no_line_whatever_field_holds_them() {
        let secret = crate::secret::Secret::new("log me not, 4711");
        let lines = lines(Targets::new().with_default(LevelFilter::TRACE), || {
            let span = tracing::info_span!("call", login = secret.expose());
            let _entered = span.enter();
            tracing::info!(answer = ?Some(secret.expose()), "asked as {}", secret.expose());
            tracing::info!(url = format!("https://a.test/?p={}", "log%20me%20not%2C%204711"));
        });
        for line in &lines {
            assert_eq!(line["login"], "(hidden)");
            assert!(!line.to_string().contains("4711"), "{line}");
        }
        assert_eq!(lines[0]["@message"], "asked as (hidden)");
    }

    #[test]
    fn a_message_is_always_a_text_and_never_too_long_for_a_line() {
        let all = Targets::new().with_default(LevelFilter::TRACE);
        let lines = lines(all, || {
            tracing::info!(count = 1);
            tracing::info!("{}", "ö".repeat(100_000));
        });
        assert_eq!(lines[0]["@message"], "");
        let long = lines[1]["@message"].as_str().unwrap();
        assert!(long.len() < 9000 && long.ends_with("(191808 bytes left out)"), "{}", &long[long.len() - 40..]);
    }
}

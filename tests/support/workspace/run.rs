//! What a host said in a run that has ended.

use serde_json::Value;

/// A run that has ended.
#[derive(Debug)]
pub struct Run {
    pub(super) what: String,
    pub(super) code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// What a host showed of a diagnostic.
#[derive(Clone, Debug)]
pub struct Shown {
    pub severity: String,
    pub summary: String,
    pub detail: String,
    /// The resource it is about, if any.
    pub address: Option<String>,
    /// The line of the configuration that it points at, if any.
    pub line: Option<String>,
}

impl Run {
    /// Whether the run succeeded.
    pub fn is_success(&self) -> bool {
        matches!(self.code, Some(0 | 2))
    }

    /// Fails the test unless the run succeeded.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        assert!(matches!(self.code, Some(0 | 2)), "{self}");
        self
    }

    /// Fails the test unless the run failed. Gives all errors as one text.
    #[track_caller]
    pub fn fails(self) -> String {
        assert_eq!(self.code, Some(1), "{self}");
        let errors = self.diagnostics().into_iter().filter(|shown| shown.severity == "error");
        let texts: Vec<_> = errors.map(|shown| format!("{}\n\n{}", shown.summary, shown.detail)).collect();
        if texts.is_empty() { self.stderr } else { texts.join("\n\n") }
    }

    /// Fails the test unless the plan changes nothing.
    #[track_caller]
    pub fn changes_nothing(self) -> Self {
        assert_eq!(self.code, Some(0), "the plan changes {:?}\n{self}", self.changes());
        self
    }

    /// Fails the test unless the plan changes something.
    #[track_caller]
    pub fn changes_something(self) -> Self {
        assert_eq!(self.code, Some(2), "the plan changes nothing\n{self}");
        self
    }

    /// What a plan changes: pairs of address and action (`create`, `update`, `replace`, `delete`, `read`).
    pub fn changes(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.messages()
            .iter()
            .filter(|message| message["type"] == "planned_change")
            .map(|message| (text(&message["change"]["resource"]["addr"]), text(&message["change"]["action"])))
            .collect()
    }

    /// Berth's warnings, each with all its words; the host's own are none of ours.
    pub fn warnings(&self) -> Vec<String> {
        let ours = |shown: &Shown| shown.severity == "warning" && shown.detail.contains("BERTH-");
        let shown = self.diagnostics().into_iter().filter(ours);
        shown.map(|shown| format!("{}\n{}", shown.summary, shown.detail)).collect()
    }

    /// The errors and warnings.
    pub fn diagnostics(&self) -> Vec<Shown> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let shown = |diagnostic: &Value| Shown {
            severity: text(&diagnostic["severity"]),
            summary: text(&diagnostic["summary"]),
            detail: text(&diagnostic["detail"]),
            address: diagnostic["address"].as_str().map(str::to_owned),
            line: diagnostic["snippet"]["code"].as_str().map(|code| code.trim().to_owned()),
        };
        let messages = self.messages();
        let streamed =
            messages.iter().map(|message| &message["diagnostic"]).filter(|diagnostic| diagnostic.is_object());
        // `validate` answers with one object that holds all of them.
        let whole: Value = serde_json::from_str(&self.stdout).unwrap_or_default();
        let listed = whole["diagnostics"].as_array().into_iter().flatten();
        streamed.chain(listed).map(shown).collect()
    }

    fn messages(&self) -> Vec<Value> {
        self.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "`{}` ended with {:?}", self.what, self.code)?;
        for Shown { severity, summary, detail, address, .. } in self.diagnostics() {
            writeln!(f, "{severity}: {summary} ({})\n{detail}\n", address.unwrap_or_default())?;
        }
        write!(f, "{}", self.stderr)
    }
}

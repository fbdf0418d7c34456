//! Errors and warnings as Terraform shows them.

use super::{About, Explanation, Path};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The operation failed.
    Error,
    /// The operation went on.
    Warning,
}

/// One message to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is told.
    pub explanation: Explanation,
}

impl Diagnostic {
    /// An explained failure as an error or a warning.
    pub fn explained(severity: Severity, explanation: &Explanation) -> Self {
        Self { severity, explanation: explanation.clone() }
    }

    /// One line.
    pub fn summary(&self) -> &str {
        self.explanation.what()
    }

    /// The rest, in paragraphs, as this provider's users see it.
    pub fn detail(&self, about: &About) -> String {
        self.explanation.detail_of(about)
    }

    /// The attribute to blame; the root if there is none.
    pub fn attribute(&self) -> Path {
        self.explanation.attribute().map(Path::parse).unwrap_or_default()
    }
}

/// The messages of one call, in the order in which they were found (`diag.Diagnostics` in HashiCorp's framework).
#[derive(Clone, Debug, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Adds an error.
    pub fn error(&mut self, explanation: &Explanation) {
        self.push(Diagnostic::explained(Severity::Error, explanation));
    }

    /// Adds a warning.
    pub fn warning(&mut self, explanation: &Explanation) {
        self.push(Diagnostic::explained(Severity::Warning, explanation));
    }

    /// Adds a message, once.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if !self.0.contains(&diagnostic) {
            self.0.push(diagnostic);
        }
    }

    /// Adds all of `others`.
    pub fn extend(&mut self, others: Diagnostics) {
        others.0.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// Whether there is an error among them.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The codes of all findings, in their order.
    pub fn codes(&self) -> Vec<String> {
        self.iter().map(|one| one.explanation.code().to_owned()).collect()
    }

    /// The messages.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

//! Errors about objects whose content may be shown to nobody.

use super::{ClusterError, FieldFault};

impl ClusterError {
    /// Without words that may quote the content of the object: only the fields are named.
    #[must_use]
    pub fn without_content(self) -> Self {
        match self {
            Self::Invalid { object, faults, words } => {
                let faults: Vec<_> =
                    faults.into_iter().map(|fault| FieldFault { message: String::new(), ..fault }).collect();
                let fields = if faults.is_empty() { paths(&words) } else { Vec::new() };
                Self::Invalid { object, faults, words: unquoted(&fields) }
            }
            Self::Refused { object, refusal, .. } => Self::Refused { object, refusal, words: unquoted(&[]) },
            other => other,
        }
    }
}

fn unquoted(fields: &[String]) -> String {
    match fields {
        [] => "it refuses what may not be quoted here".to_owned(),
        fields => format!("it refuses what stands at {}, which may not be quoted here", fields.join(", ")),
    }
}

/// The paths of fields in words of server-side apply: `.spec.containers[name="a"].image: expected string, got …`.
fn paths(words: &str) -> Vec<String> {
    let starts = words.split_whitespace().filter(|word| word.starts_with('.') && word.len() > 1);
    starts.filter_map(|word| word.strip_suffix(':')).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_named_and_no_value_is_quoted() {
        let invalid = |faults: Vec<FieldFault>, words: &str| ClusterError::Invalid {
            object: "Pod a/b".to_owned(),
            faults,
            words: words.to_owned(),
        };
        let typed = "failed to create typed patch object (a/b; /v1, Kind=Pod): .spec.containers[name=\"p\"].env[name=\"PIN\"].value: expected string, got {Value:48291377}";
        let told = invalid(Vec::new(), typed).without_content().explain("x").to_string();
        assert!(told.contains("env[name=\"PIN\"].value") && !told.contains("48291377"), "{told}");
        let fault =
            FieldFault { field: "spec.restartPolicy".to_owned(), message: "Unsupported value: \"hunter2\"".to_owned() };
        let told = invalid(vec![fault], "Pod is invalid: hunter2").without_content().explain("x").to_string();
        assert!(told.contains("spec.restartPolicy") && !told.contains("hunter2"), "{told}");
    }
}

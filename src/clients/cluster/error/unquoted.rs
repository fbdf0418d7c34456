//! Errors about objects whose content may be shown to nobody.

use super::words::is_fixed;
use super::{ClusterError, FieldFault};

/// What is said where a field is set once for all.
const FIXED: &str = "it refuses a change of what is immutable, which may not be quoted here";

impl ClusterError {
    /// Without words that may quote the content of the object: only the fields are named.
    #[must_use]
    pub fn without_content(self) -> Self {
        match self {
            Self::Invalid { object, faults, words } => {
                let is_fixed = is_fixed(&faults, &words);
                let faults: Vec<_> =
                    faults.into_iter().map(|fault| FieldFault { message: String::new(), ..fault }).collect();
                let fields = if faults.is_empty() { paths(&words) } else { Vec::new() };
                let words = if is_fixed { FIXED.to_owned() } else { unquoted(&fields) };
                Self::Invalid { object, faults, words }
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
    use crate::domain::kubernetes::ObjectRef;

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

    #[test]
    fn what_is_fixed_is_told_as_that_by_the_words_of_each_kind_and_without_them() {
        for words in [
            "cannot change roleRef",
            "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image` hunter2",
            "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity",
            "spec.template: Invalid value: hunter2: field is immutable",
        ] {
            let error =
                ClusterError::Invalid { object: "Job a/b".to_owned(), faults: Vec::new(), words: words.to_owned() };
            assert!(error.next_step().contains("kubectl delete"), "{words}");
            let told = error.without_content().explain("x").to_string();
            assert!(told.contains("kubectl delete") && !told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn a_failed_job_is_to_be_removed_since_it_runs_only_once() {
        let failed = |kind: &str| {
            let object = ObjectRef { kind: kind.to_owned(), ..ObjectRef::pod("a", "b") };
            ClusterError::Failed { object, words: String::new() }.next_step()
        };
        assert!(failed("Job").contains("kubectl delete job b --namespace a"), "{}", failed("Job"));
        assert!(!failed("Pod").contains("delete"), "{}", failed("Pod"));
    }
}

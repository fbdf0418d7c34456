//! Kubeconfig files, joined as kubectl joins them.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use kube::config::{Kubeconfig, KubeconfigError};

use crate::explain::chain;

/// Reads the files: the first to name something wins. Of several, those that do not exist are left out as long as one is
/// there (client-go, `ClientConfigLoadingRules.Load`).
pub(super) fn read(paths: &[PathBuf]) -> Result<Kubeconfig, String> {
    let mut joined: Option<Kubeconfig> = None;
    let mut missing = Vec::new();
    for path in paths {
        match Kubeconfig::read_from(path) {
            Ok(found) => joined = Some(join(joined, found).map_err(|error| words(&error, Some(path)))?),
            Err(error @ KubeconfigError::ReadConfig(..)) if is_absence(&error) => missing.push(words(&error, None)),
            Err(error) => return Err(words(&error, Some(path))),
        }
    }
    joined.ok_or_else(|| if missing.is_empty() { "it names no file".to_owned() } else { missing.join("; ") })
}

/// An empty name of a context is none, and the next file's counts.
fn join(joined: Option<Kubeconfig>, mut next: Kubeconfig) -> Result<Kubeconfig, KubeconfigError> {
    next.current_context.take_if(|context| context.is_empty());
    joined.unwrap_or_default().merge(next)
}

fn is_absence(error: &KubeconfigError) -> bool {
    matches!(error, KubeconfigError::ReadConfig(fault, _) if fault.kind() == ErrorKind::NotFound)
}

/// What is wrong with a kubeconfig. Of what does not parse only the place is told: the reader's words quote the file, and
/// tokens stand in it.
pub(super) fn words(error: &KubeconfigError, path: Option<&Path>) -> String {
    let file = path.map_or_else(String::new, |path| format!(" {:?}", path.display()));
    match error {
        KubeconfigError::Parse(fault) => {
            let place = fault
                .location()
                .map_or_else(String::new, |place| format!(" at line {}, column {}", place.line(), place.column()));
            format!("the kubeconfig{file} is no valid YAML of its kind{place}")
        }
        // The library quotes the path twice.
        other => chain(other).replace("'\"", "`").replace("\"'", "`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn named(server: &str) -> String {
        format!("clusters:\n- {{name: {server}, cluster: {{server: 'https://{server}.test'}}}}\n")
    }

    #[test]
    fn a_syntax_error_tells_its_place_and_nothing_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let token = "token: SECRET-TOKEN-XYZ";
        let start = "users:\n- name: u\n  user:\n    ";
        for broken in [
            format!("{start}{token}\n\tcontexts: []\n"),
            format!("{start}{token}\n   bad: x\n"),
            format!("{start}token: \"SECRET-TOKEN-XYZ\nclusters: []\n"),
            format!("{start}token: {{value: SECRET-TOKEN-XYZ}}\n"),
            format!("users: [{{name: u, user: {{{token}}}\nclusters: []\n"),
            format!("{start}token: [SECRET-TOKEN-XYZ]\n"),
            "users: SECRET-TOKEN-XYZ\n".to_owned(),
            "SECRET-TOKEN-XYZ".to_owned(),
            format!("{start}{token}\n    {token}\n"),
        ] {
            let told = read(&[written(&folder, "config", &broken)]).unwrap_err();
            assert!(!told.contains("SECRET") && told.contains("config\""), "{broken}: {told}");
            assert!(told.contains("at line "), "{broken}: {told}");
        }
    }

    #[test]
    fn of_several_files_those_that_do_not_exist_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (written(&folder, "one", &named("a")), written(&folder, "two", &named("b")));
        let nowhere = folder.path().join("nowhere");
        for list in [[&nowhere, &one, &two], [&one, &nowhere, &two], [&one, &two, &nowhere]] {
            let read = read(&list.map(Clone::clone)).unwrap();
            assert_eq!(read.clusters.len(), 2);
        }
        let told = read(&[nowhere.clone(), folder.path().join("neither")]).unwrap_err();
        assert!(told.contains("nowhere") && told.contains("neither") && told.contains("No such file"), "{told}");
        assert!(read(&[folder.path().to_owned(), one]).is_err(), "a folder is no missing file");
    }

    #[test]
    fn an_empty_current_context_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let skeleton =
            "apiVersion: v1\nkind: Config\nclusters: null\ncontexts: null\nusers: null\ncurrent-context: \"\"\n";
        let empty = written(&folder, "empty", "");
        let list = [written(&folder, "one", skeleton), empty, written(&folder, "two", "current-context: two\n")];
        assert_eq!(read(&list).unwrap().current_context.as_deref(), Some("two"));
        assert_eq!(read(&list[..1]).unwrap().current_context, None);
    }
}

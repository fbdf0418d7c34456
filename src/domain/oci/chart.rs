//! Helm charts: what `Chart.yaml` says, which files belong to one, and what a registry keeps of it.
//!
//! Source: Helm 3, `pkg/chart/metadata.go`, `pkg/registry/client.go`, `internal/ignore`.

pub mod packing;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::versions::version_of;

/// Media types.
pub const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
pub const CONTENT: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
pub const PROVENANCE: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";

/// The file that makes a folder a chart.
pub const CHART_FILE: &str = "Chart.yaml";

/// The file in which a chart of `apiVersion: v1` names those that it depends on.
pub const REQUIREMENTS_FILE: &str = "requirements.yaml";

/// What `Chart.yaml` says, in the order in which Helm writes it into a registry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// The chart's name.
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    home: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sources: Option<Vec<String>>,
    /// Its version.
    pub version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keywords: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maintainers: Option<Vec<Maintainer>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<String>,
    api_version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<String>,
    /// The version of what it installs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deprecated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "annotations")]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kube_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dependencies: Option<Vec<Dependency>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
struct Maintainer {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", default)]
struct Dependency {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    repository: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    import_values: Option<Vec<serde_json::Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
}

/// A null is an empty text, as Go has it.
fn annotations<'de, D: Deserializer<'de>>(from: D) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    let read = Option::<BTreeMap<String, Option<String>>>::deserialize(from)?;
    Ok(read.map(|all| all.into_iter().map(|(name, text)| (name, text.unwrap_or_default())).collect()))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Requirements {
    dependencies: Option<Vec<Dependency>>,
}

/// The name in the `Chart.yaml` of a chart that lies in another one: only the outer chart's is a name in a registry.
pub fn inner_name(yaml: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Inner {
        name: String,
    }
    serde_saphyr::from_str::<Inner>(&String::from_utf8_lossy(yaml)).ok().map(|chart| chart.name)
}

impl Metadata {
    /// Reads a `Chart.yaml`.
    ///
    /// # Errors
    /// What is wrong with it, as a clause.
    pub fn parse(yaml: &str) -> Result<Self, String> {
        let read: Self =
            serde_saphyr::from_str(yaml).map_err(|error| format!("{CHART_FILE} cannot be read: {error}"))?;
        if read.api_version.is_empty() {
            return Err(format!("{CHART_FILE} names no apiVersion"));
        }
        if !is_name(&read.name) {
            return Err(format!(
                "the name in {CHART_FILE} is `{}`: it must be of small letters, digits and single dashes, dots or underscores, as \
                 names in registries are",
                read.name
            ));
        }
        check_version(&read.version).map_err(|why| format!("the version in {CHART_FILE} {why}"))?;
        Ok(read)
    }

    /// The dependencies that do not lie in `charts/`, where there are charts of these names. Charts of `apiVersion: v1` name theirs in a file
    /// of its own, `requirements.yaml`.
    ///
    /// # Errors
    /// That file cannot be read, as a clause.
    pub fn missing(&self, requirements: Option<&[u8]>, there: &[String]) -> Result<Vec<String>, String> {
        let own = requirements.filter(|_| self.api_version == "v1").map(|yaml| {
            let read = serde_saphyr::from_str::<Requirements>(&String::from_utf8_lossy(yaml));
            read.map_err(|error| format!("{REQUIREMENTS_FILE} cannot be read: {error}"))
        });
        let own = own.transpose()?.and_then(|read| read.dependencies).unwrap_or_default();
        let named = self.dependencies.iter().flatten().chain(&own).map(|dependency| &dependency.name);
        Ok(named.filter(|name| !there.contains(name)).cloned().collect())
    }

    /// The document that a registry keeps as the chart's configuration.
    pub fn config(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The annotations of its manifest, as Helm sets them. Helm adds the time of packing, which would be another one each time.
    pub fn annotations(&self) -> BTreeMap<String, String> {
        let authors = self.maintainers.iter().flatten().filter_map(|it| {
            let name = it.name.clone().unwrap_or_default();
            let written = it.email.as_ref().map_or(name.clone(), |email| format!("{name} ({email})"));
            (!written.is_empty()).then_some(written)
        });
        let mut all = self.annotations.clone().unwrap_or_default();
        let mut add = |key: &str, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                all.insert(format!("org.opencontainers.image.{key}"), value);
            }
        };
        add("title", Some(self.name.clone()));
        add("version", Some(self.version.clone()));
        add("description", self.description.clone());
        add("url", self.home.clone());
        add("source", self.sources.iter().flatten().next().cloned());
        add("authors", Some(authors.collect::<Vec<_>>().join(", ")));
        all
    }

    /// The tag of its version: `+` is none of a tag's characters.
    pub fn tag(&self) -> String {
        tag_of(&self.version)
    }
}

/// The tag that stands for a version.
pub fn tag_of(version: &str) -> String {
    version.replace('+', "_")
}

/// Whether a text is a version as Helm takes it: `1.2.3`, `v1.2`, `1.2.3-rc.1+build`.
///
/// # Errors
/// What is wrong with it, in words that complete "The value …".
pub fn check_version(text: &str) -> Result<(), String> {
    if version_of(text).is_some() && !text.contains('_') {
        return Ok(());
    }
    Err(format!("must be a semantic version such as `1.2.3`, and is `{text}`"))
}

/// Whether a name can be the last part of a repository's.
fn is_name(name: &str) -> bool {
    let whole = format!("registry.invalid/{name}");
    let parsed = whole.parse::<crate::domain::image::ImageReference>();
    !name.contains(['/', ':', '@']) && parsed.is_ok_and(|image| image.repository == name)
}

/// `Chart.yaml` with another version, and all else as it was.
///
/// # Errors
/// It is not written so that the version can be replaced, as a clause.
pub fn with_version(yaml: &str, version: &str) -> Result<String, String> {
    let text: String = yaml.split_inclusive('\n').map(|line| replaced(line, version)).collect();
    let wanted = Metadata { version: version.to_owned(), ..Metadata::parse(yaml)? };
    if Metadata::parse(&text).is_ok_and(|read| read == wanted) {
        return Ok(text);
    }
    Err(format!(
        "the version in {CHART_FILE} cannot be replaced: it must stand in a line of its own, `version: {version}`"
    ))
}

fn replaced(line: &str, version: &str) -> String {
    if line.starts_with("version:") { format!("version: \"{version}\"\n") } else { line.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "apiVersion: v2\nname: app\nversion: 1.2.3+build.5 # ours\nappVersion: \"4\"\ndescription: An app\n\
                        maintainers:\n  - name: Ann\n    email: ann@a.test\ndependencies:\n  - name: redis\n    version: ~1\n    repository: https://c.test\n    alias: cache\n";

    #[test]
    fn a_chart_is_told_as_helm_tells_it() {
        let chart = Metadata::parse(YAML).unwrap();
        assert_eq!(chart.tag(), "1.2.3_build.5");
        assert_eq!(
            chart.config(),
            r#"{"name":"app","version":"1.2.3+build.5","description":"An app","maintainers":[{"name":"Ann","email":"ann@a.test"}],"apiVersion":"v2","appVersion":"4","dependencies":[{"name":"redis","version":"~1","repository":"https://c.test","alias":"cache"}]}"#
        );
        assert_eq!(chart.annotations()["org.opencontainers.image.authors"], "Ann (ann@a.test)");
        assert_eq!(chart.missing(None, &["redis".to_owned()]), Ok(Vec::new()));
        assert_eq!(chart.missing(None, &["cache".to_owned()]), Ok(vec!["redis".to_owned()]));
        let old = Metadata::parse("apiVersion: v1\nname: app\nversion: 1.0.0\n").unwrap();
        let file = b"dependencies:\n  - name: mysql\n    version: 1.x\n    repository: https://c.test\n";
        assert_eq!(old.missing(Some(file), &[]), Ok(vec!["mysql".to_owned()]));
        assert_eq!((old.missing(Some(file), &["mysql".to_owned()]), old.missing(None, &[])), (Ok(vec![]), Ok(vec![])));
        assert_eq!(chart.missing(Some(file), &["redis".to_owned()]), Ok(Vec::new()), "Helm reads it for v1 alone");
        let inner = inner_name(b"apiVersion: v2\nname: MyLib\nversion: 01.2.3\n");
        assert_eq!(inner.as_deref(), Some("MyLib"));
    }

    #[test]
    fn an_annotation_without_a_text_is_an_empty_one() {
        let chart = Metadata::parse("apiVersion: v2\nname: app\nversion: 1.0.0\nannotations:\n  a:\n  b: x\n").unwrap();
        assert_eq!((&*chart.annotations()["a"], &*chart.annotations()["b"]), ("", "x"));
    }

    #[test]
    fn mistakes_are_told() {
        for (yaml, words) in [
            ("name: app\nversion: 1.0.0\n", "no apiVersion"),
            ("apiVersion: v2\nname: App\nversion: 1.0.0\n", "small letters"),
            ("apiVersion: v2\nname: a/b\nversion: 1.0.0\n", "small letters"),
            ("apiVersion: v2\nname: app\n", "the version in Chart.yaml"),
            ("apiVersion: v2\nname: app\nversion: latest\n", "semantic version"),
            ("- a\n", "cannot be read"),
        ] {
            let told = Metadata::parse(yaml).unwrap_err();
            assert!(told.contains(words), "{yaml}: {told}");
        }
    }

    #[test]
    fn only_the_version_of_the_chart_itself_is_replaced() {
        let yaml = with_version(YAML, "2.0.0").unwrap();
        assert_eq!(Metadata::parse(&yaml).unwrap().version, "2.0.0");
        assert!(yaml.contains("    version: ~1\n"));
    }

    #[test]
    fn a_version_that_is_not_replaced_is_told() {
        for yaml in [
            "{apiVersion: v2, name: app, version: 1.0.0}\n",
            "apiVersion: v2\nname: app\n\"version\": 1.0.0\n",
            "apiVersion: v2\nname: app\nversion: >-\n  1.0.0\n",
        ] {
            assert_eq!(Metadata::parse(yaml).unwrap().version, "1.0.0", "{yaml}");
            assert!(with_version(yaml, "2.0.0").unwrap_err().contains("cannot be replaced"), "{yaml}");
        }
    }
}

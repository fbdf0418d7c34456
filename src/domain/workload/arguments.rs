//! What a user says about a workload, checked once against what the workload takes.

use serde_json::{Map, Value};

use super::{Workload, WorkloadError};
use crate::domain::dns::DnsName;
use crate::domain::irsa::Partition;

/// One argument of a workload.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether the workload cannot do without it.
    pub required: bool,
    /// What it is, as a clause.
    pub about: &'static str,
}

/// What an argument holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One text.
    Text,
    /// Texts in any number; a single one need not be in a list.
    Texts,
    /// `true` or `false`.
    Flag,
}

/// What every workload takes.
pub(super) const EVERYWHERE: &[Parameter] = &[Parameter::optional(
    "partition",
    Kind::Text,
    "`aws` (the default, unless `region` says otherwise), `aws-cn` or `aws-us-gov`",
)];

impl Parameter {
    /// One that may be left out.
    pub(super) const fn optional(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, kind, required: false, about }
    }

    /// One that may not.
    pub(super) const fn required(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, kind, required: true, about }
    }

    /// A line of a list in Markdown, below the workload's.
    pub(super) fn in_words(&self) -> String {
        let kind = match self.kind {
            Kind::Text => "string",
            Kind::Texts => "list of strings",
            Kind::Flag => "bool",
        };
        let needed = if self.required { ", required" } else { "" };
        format!("  - `{}` ({kind}{needed}): {}.\n", self.name, self.about)
    }

    fn fits(&self, value: &Value) -> Result<(), String> {
        let text = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
        let (good, expected) = match self.kind {
            Kind::Text => (text(value), "must be a string that is not empty"),
            Kind::Flag => (value.is_boolean(), "must be `true` or `false`"),
            Kind::Texts => {
                let all = value.as_array().is_some_and(|values| !values.is_empty() && values.iter().all(text));
                let expected =
                    "must be a list of strings, none of them empty; leave it out rather than give an empty list";
                (all || text(value), expected)
            }
        };
        if good { Ok(()) } else { Err(expected.to_owned()) }
    }
}

/// The arguments of one call; each has the type that its parameter says.
#[derive(Debug)]
pub struct Arguments<'a> {
    given: &'a Map<String, Value>,
    partition: Partition,
}

impl<'a> Arguments<'a> {
    /// Checks names and types, and finds the partition. A null counts as absent.
    pub(super) fn check(workload: &'static Workload, given: &'a Map<String, Value>) -> Result<Self, WorkloadError> {
        for (name, value) in given.iter().filter(|(_, value)| !value.is_null()) {
            let Some(parameter) = workload.arguments().find(|parameter| parameter.name == name) else {
                let known = super::quoted(workload.arguments().map(|parameter| parameter.name));
                return Err(WorkloadError::UnknownArgument { workload: workload.name, argument: name.clone(), known });
            };
            parameter.fits(value).map_err(|problem| wrong(name, problem))?;
        }
        for Parameter { name, about, .. } in workload.arguments().filter(|parameter| parameter.required) {
            if given.get(*name).is_none_or(Value::is_null) {
                return Err(WorkloadError::Missing { workload: workload.name, argument: name, about });
            }
        }
        let mut arguments = Self { given, partition: Partition::Aws };
        arguments.partition = arguments.find_partition()?;
        Ok(arguments)
    }

    fn find_partition(&self) -> Result<Partition, WorkloadError> {
        let of_region = self.text("region").map(|region| check_region(region).map(Partition::of_region)).transpose()?;
        let Some(text) = self.text("partition") else { return Ok(of_region.unwrap_or(Partition::Aws)) };
        let partition = Partition::parse(text)
            .ok_or_else(|| wrong("partition", format!("must be `aws`, `aws-cn` or `aws-us-gov`, and is `{text}`")))?;
        match of_region {
            Some(other) if other != partition => {
                Err(wrong("partition", format!("is `{partition}`, and the region lies in `{other}`")))
            }
            _ => Ok(partition),
        }
    }

    /// The partition that ARNs are of.
    pub(super) fn partition(&self) -> Partition {
        self.partition
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.given.get(name).and_then(Value::as_str)
    }

    /// A text that the parameters say is there.
    pub(super) fn required(&self, name: &str) -> &str {
        self.text(name).unwrap_or_default()
    }

    /// Texts; none if they are left out.
    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        match self.given.get(name) {
            Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) => vec![text],
            _ => Vec::new(),
        }
    }

    /// Whether a flag is set; `false` if it is left out.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.given.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// DNS names in their normal form, each made to something.
    pub(super) fn names<T>(&self, name: &str, make: impl Fn(DnsName) -> T) -> Result<Vec<T>, WorkloadError> {
        let read = |text: &str| {
            let parsed = DnsName::parse(text).map_err(|error| wrong(name, format!("holds `{text}`: {error}")))?;
            Ok(make(parsed))
        };
        self.texts(name).into_iter().map(read).collect()
    }

    /// Texts that must be ARNs of one service in the partition.
    pub(super) fn arns(&self, name: &str, service: &str) -> Result<Vec<String>, WorkloadError> {
        let check = |text: &str| {
            let start = format!("arn:{}:{service}:", self.partition);
            if text.starts_with(&start) && text.splitn(6, ':').count() == 6 {
                return Ok(text.to_owned());
            }
            Err(wrong(name, format!("must hold ARNs that begin with `{start}`, and holds `{text}`")))
        };
        self.texts(name).into_iter().map(check).collect()
    }
}

/// An argument that has the wrong value.
pub(super) fn wrong(argument: &str, problem: impl Into<String>) -> WorkloadError {
    WorkloadError::Wrong { argument: argument.to_owned(), problem: problem.into() }
}

/// A region's name looks like `eu-central-1` or `us-gov-west-1`.
fn check_region(region: &str) -> Result<&str, WorkloadError> {
    let mut parts: Vec<&str> = region.split('-').collect();
    let number = parts.pop().is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
    let words =
        parts.len() >= 2 && parts.iter().all(|part| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_lowercase()));
    if number && words {
        Ok(region)
    } else {
        Err(wrong("region", format!("must be a region such as `eu-central-1`, and is `{region}`")))
    }
}

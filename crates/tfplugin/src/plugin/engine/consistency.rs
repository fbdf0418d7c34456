//! What Terraform demands of the outcome of an apply. A breach is a defect of the provider, and is told as one.

use crate::explain::Explanation;
use crate::sdk::{Path, Value};

/// The first place where the outcome is not what the plan promised: a known planned value must come
/// true, an unknown one may become anything.
pub fn broken_promise(planned: &Value, outcome: &Value) -> Option<Path> {
    differs(planned, outcome, &Path::root())
}

fn differs(planned: &Value, outcome: &Value, at: &Path) -> Option<Path> {
    match (planned, outcome) {
        (Value::Unknown, _) => None,
        (Value::Map(planned), Value::Map(outcome)) => {
            let lost = planned.iter().find_map(|(name, value)| {
                let here = at.attribute(name);
                outcome.get(name).map_or(Some(here.clone()), |found| differs(value, found, &here))
            });
            lost.or_else(|| outcome.keys().find(|name| !planned.contains_key(*name)).map(|name| at.attribute(name)))
        }
        (Value::List(planned), Value::List(outcome)) if planned.len() == outcome.len() => {
            let mut pairs = planned.iter().zip(outcome).enumerate();
            pairs.find_map(|(index, (value, found))| differs(value, found, &at.index(index)))
        }
        (Value::Set(elements), Value::Set(_)) if !elements.iter().all(Value::is_wholly_known) => None,
        (planned, outcome) => (planned != outcome).then(|| at.clone()),
    }
}

/// Words a breach.
pub fn breach(type_name: &str, at: &Path) -> Explanation {
    Explanation::new("SDK-002", format!("The provider broke its own plan for `{at}` of a `{type_name}`"))
        .defect(
            "report it with the configuration of this object. \
             The object exists, and its state was stored as it was found",
        )
        .at(at.to_string())
}

/// Words a computed value that an apply forgot to find out.
pub fn forgotten(type_name: &str, at: &Path) -> Explanation {
    Explanation::new("SDK-003", format!("The provider left `{at}` of a `{type_name}` open after apply"))
        .defect("report it")
        .at(at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(arn: Value, tags: Value) -> Value {
        Value::object([("arn", arn), ("tags", tags)])
    }

    #[test]
    fn an_unknown_may_become_anything_and_a_known_may_not_change() {
        let planned = object(Value::Unknown, Value::from(vec!["a"]));
        assert_eq!(broken_promise(&planned, &object(Value::from("x"), Value::from(vec!["a"]))), None);
        let broken = broken_promise(&planned, &object(Value::Null, Value::from(vec!["b"])));
        assert_eq!(broken.map(|path| path.to_string()).as_deref(), Some("tags[0]"));
        let longer = broken_promise(&planned, &object(Value::Null, Value::from(vec!["a", "b"])));
        assert_eq!(longer.map(|path| path.to_string()).as_deref(), Some("tags"));
    }
}

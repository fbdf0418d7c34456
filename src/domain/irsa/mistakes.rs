//! What is wrong with statements of a policy, and what is only doubtful: IAM takes much that looks strange.
//!
//! Sources: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>.

use super::limits::Problem;
use super::policy::{Condition, Statement};

/// The condition operators, without `ForAllValues:`, `ForAnyValue:` and `IfExists`
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>).
const OPERATORS: [&str; 27] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "Null",
];

/// All that is wrong for certain with the statements in themselves, each with the attribute to blame below `root`
/// (`statements[0].actions`).
pub fn problems(root: &str, statements: &[Statement]) -> Vec<Problem> {
    let mut found = Vec::new();
    for (index, statement) in statements.iter().enumerate() {
        let at = format!("{root}[{index}]");
        let twin = |sid: &&String| statements.iter().take(index).any(|before| before.sid.as_ref() == Some(*sid));
        if let Some(sid) = statement.sid.as_ref().filter(twin) {
            found.push(Problem::new(format!("{at}.sid"), format!("the sid `{sid}` is used by an earlier statement")));
        }
        let blame = |(attribute, text): (String, String)| Problem::new(format!("{at}.{attribute}"), text);
        found.extend(wrong(statement).into_iter().map(blame));
    }
    found
}

/// What IAM may take, and seldom means what was meant.
pub fn doubts(root: &str, statements: &[Statement]) -> Vec<Problem> {
    let of = |(index, statement): (usize, &Statement)| {
        let at = format!("{root}[{index}]");
        doubtful(statement).into_iter().map(move |(attribute, text)| Problem::new(format!("{at}.{attribute}"), text))
    };
    statements.iter().enumerate().flat_map(of).collect()
}

/// Attributes of a statement, and what is wrong with them.
type Faults = Vec<(String, String)>;

/// The lists of a statement that stand for one another: the attribute, its opposite, and both contents.
fn pairs(statement: &Statement) -> [(&'static str, &'static str, &[String], &[String]); 2] {
    [
        ("actions", "not_actions", &statement.actions, &statement.not_actions),
        ("resources", "not_resources", &statement.resources, &statement.not_resources),
    ]
}

fn wrong(statement: &Statement) -> Faults {
    let mut faults = Faults::new();
    if let Some(sid) = statement.sid.as_ref().filter(|sid| !sid.bytes().all(|octet| octet.is_ascii_alphanumeric())) {
        faults.push(("sid".into(), format!("the sid `{sid}` may hold only letters and digits (A–Z, a–z, 0–9)")));
    }
    for (one, other, given, excluded) in pairs(statement) {
        if given.is_empty() && excluded.is_empty() {
            let example = if one == "actions" { "such as `s3:GetObject`" } else { "an ARN or `*`" };
            faults.push((one.into(), format!("a statement needs at least one of its {one} ({example}), or `{other}`")));
        }
        if !given.is_empty() && !excluded.is_empty() {
            faults.push((other.into(), format!("a statement may have either `{one}` or `{other}`")));
        }
    }
    faults.extend(each(statement, |attribute, text| {
        let test = if attribute.ends_with("actions") { wrong_action } else { wrong_resource };
        test(text).map(|fault| format!("`{text}` {fault}"))
    }));
    faults.extend(conditions(statement));
    faults
}

/// Tests every action and resource.
fn each(statement: &Statement, test: impl Fn(&str, &str) -> Option<String>) -> Faults {
    let lists =
        pairs(statement).into_iter().flat_map(|(one, other, given, excluded)| [(one, given), (other, excluded)]);
    let mut faults = Faults::new();
    for (attribute, texts) in lists {
        for (index, text) in texts.iter().enumerate() {
            faults.extend(test(attribute, text).map(|fault| (format!("{attribute}[{index}]"), fault)));
        }
    }
    faults
}

/// IAM: "Actions/Conditions must be prefaced by a vendor", "can contain only one colon".
fn wrong_action(action: &str) -> Option<&'static str> {
    match action.split(':').count() {
        1 if action != "*" => Some("is no action; expected `service:Action` or `*`"),
        1 | 2 => None,
        _ => Some("is no action: it may hold one colon, as in `service:Action`"),
    }
}

/// IAM: "must be in ARN format or `*`".
fn wrong_resource(resource: &str) -> Option<&'static str> {
    (resource != "*" && !resource.contains(':')).then_some("is no resource; expected an ARN or `*`")
}

fn conditions(statement: &Statement) -> Faults {
    let mut faults = Faults::new();
    for (index, condition) in statement.conditions.iter().enumerate() {
        let at = format!("conditions[{index}]");
        if condition.test.is_empty() || condition.variable.is_empty() {
            faults.push((at, "a condition needs a test and a variable".to_owned()));
        } else if statement.conditions.iter().take(index).any(|before| cannot_join(before, condition)) {
            let (test, key) = (&condition.test, &condition.variable);
            faults.push((
                at,
                format!(
                    "an earlier condition has the test `{test}` for `{key}` too; a policy has one list of values for \
                     both, of which any one would do: join the values if that is meant, take another test, or divide \
                     the statement"
                ),
            ));
        }
    }
    faults
}

/// Whether two conditions must both hold, and a policy cannot say so.
fn cannot_join(one: &Condition, other: &Condition) -> bool {
    let values = |condition: &Condition| {
        let mut values = condition.values.clone();
        values.sort();
        values.dedup();
        values
    };
    one.is_twin_of(other) && !joins(&one.test) && values(one) != values(other)
}

/// Whether a longer list of values means that all its parts hold: none of them may match. `ForAnyValue:` is content
/// with one value of the request that matches none.
fn joins(test: &str) -> bool {
    let test = test.to_ascii_lowercase();
    !test.starts_with("foranyvalue:") && test.contains("not")
}

fn doubtful(statement: &Statement) -> Faults {
    let mut faults = each(statement, |attribute, text| {
        let doubt = if attribute.ends_with("actions") { doubtful_action(text) } else { doubtful_resource(text) };
        doubt.map(|doubt| format!("`{text}` {doubt}"))
    });
    for (index, condition) in statement.conditions.iter().enumerate() {
        for (place, value) in condition.values.iter().enumerate() {
            let doubt = foreign_variable(value).map(|doubt| format!("`{value}` {doubt}"));
            faults.extend(doubt.map(|doubt| (format!("conditions[{index}].values[{place}]"), doubt)));
        }
        if condition.values.is_empty() {
            faults.push((format!("conditions[{index}].values"), "a condition without values has no effect".to_owned()));
        }
        if !is_operator(&condition.test) {
            let test = &condition.test;
            faults.push((format!("conditions[{index}].test"), format!("`{test}` is no condition operator known here")));
        }
    }
    faults
}

fn is_operator(test: &str) -> bool {
    let bare = ["ForAllValues:", "ForAnyValue:"].iter().find_map(|prefix| test.strip_prefix(prefix)).unwrap_or(test);
    let bare = bare.strip_suffix("IfExists").unwrap_or(bare);
    OPERATORS.iter().any(|known| known.eq_ignore_ascii_case(bare))
}

fn doubtful_action(action: &str) -> Option<String> {
    let (service, verb) = action.split_once(':')?;
    let usual = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    let good = service == "*" || usual(service, "-.");
    (!good || !usual(verb, "*?-_")).then(|| "is an unusual action, which IAM may refuse".to_owned())
}

/// The `aws` provider's `aws_iam_policy_document` turns its own `&{aws:username}` into IAM's `${aws:username}`; IAM takes it
/// for plain text.
fn foreign_variable(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("&{")?;
    let (name, _) = rest.split_once('}')?;
    Some(format!(
        "holds `&{{{name}}}`, which is the notation of `aws_iam_policy_document` and plain text to IAM; its variable is written \
         `$${{{name}}}` in a configuration"
    ))
}

/// IAM completes an ARN that ends early with wildcards ("Incomplete ARNs" in its user guide). Who writes the `*` knows.
fn doubtful_resource(resource: &str) -> Option<String> {
    if resource == "*" {
        return None;
    }
    if let Some(doubt) = foreign_variable(resource) {
        return Some(doubt);
    }
    let parts: Vec<_> = resource.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, ..] if *partition != "*" && !partition.starts_with("aws") && !partition.contains("${") => {
            Some(format!("names the partition `{partition}`, which is none of AWS's"))
        }
        ["arn", _, service, _, _, _] if !service.is_empty() => None,
        ["arn", _, service, rest @ ..] if !service.is_empty() && !rest.iter().any(|part| part.is_empty()) => {
            (!resource.ends_with('*')).then(|| {
                let missing = ":*".repeat(6_usize.saturating_sub(parts.len()));
                format!("is no whole ARN; IAM reads it as `{resource}{missing}`")
            })
        }
        _ => Some("is no whole ARN (`arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`), which IAM may refuse".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    fn statement() -> Statement {
        Statement { actions: texts(&["s3:GetObject"]), resources: texts(&["*"]), ..Statement::default() }
    }

    fn with(test: &str, variable: &str, values: &[&str]) -> Condition {
        Condition { test: test.into(), variable: variable.into(), values: texts(values) }
    }

    #[test]
    fn blames_each_bad_attribute() {
        let read = Statement { sid: Some("Read".into()), ..statement() };
        let bad = Statement {
            sid: Some("not ok".into()),
            actions: texts(&["s3:GetObject", "GetObject"]),
            resources: vec![],
            conditions: vec![with("", "k", &["v"])],
            ..Statement::default()
        };
        let both = Statement { not_actions: texts(&["s3:*"]), not_resources: texts(&["bucket"]), ..statement() };
        let problems = problems("statements", &[read.clone(), bad, read, both]);
        let attributes: Vec<_> = problems.iter().map(|problem| problem.attribute.as_str()).collect();
        assert_eq!(
            attributes,
            [
                "statements[1].sid",
                "statements[1].resources",
                "statements[1].actions[1]",
                "statements[1].conditions[0]",
                "statements[2].sid",
                "statements[3].not_actions",
                "statements[3].not_resources",
                "statements[3].not_resources[0]",
            ]
        );
    }

    /// What the words after a value say: it is taken, doubted, or refused.
    #[test]
    fn what_iam_takes_is_taken_and_what_is_unsure_only_warned_of() {
        let verdict = |statement: &Statement| {
            let one = std::slice::from_ref(statement);
            match (problems("s", one).is_empty(), doubts("s", one).is_empty()) {
                (true, true) => "taken",
                (true, false) => "doubted",
                (false, _) => "refused",
            }
        };
        let resource = |text: &str| verdict(&Statement { resources: texts(&[text]), ..statement() });
        let action = |text: &str| verdict(&Statement { actions: texts(&[text]), ..statement() });
        let test = |test: &str| verdict(&Statement { conditions: vec![with(test, "k", &["v"])], ..statement() });
        // IAM User Guide, "Resource": incomplete ARNs are completed; a `*` at the end of a part goes beyond its colon.
        for text in [
            "*",
            "arn:aws:ecr:*",
            "arn:aws:logs:*",
            "arn:aws:ssm:*",
            "arn:aws:ecr:eu-west-1:*",
            "arn:*:s3:::b",
            "arn:aws:s3:::b",
            "arn:aws:s3:::b/${aws:PrincipalTag/team}/*",
            "arn:aws:route53:::change/*",
            "arn:*:iam::*:role/x",
            "arn:aws-us-gov:s3:::b",
            "arn:aws-eusc:s3:::b",
            "arn:aws-iso-b:s3:::b",
        ] {
            assert_eq!(resource(text), "taken", "{text}");
        }
        for text in
            ["arn:aws:s3", "arn:aws", "arn:aws:s3::b", "arn:aws::::x", "arn:amazon:s3:::b", "arn:aws:ecr:eu-west-1"]
        {
            assert_eq!(resource(text), "doubted", "{text}");
        }
        for text in ["bucket", "", "b*"] {
            assert_eq!(resource(text), "refused", "{text}");
        }
        for text in ["*", "s3:*", "ec2:Describe*", "S3:getobject", "s3:Get?bject", "execute-api:Invoke", "*:*"] {
            assert_eq!(action(text), "taken", "{text}");
        }
        for text in ["s3:", "s3*:GetObject", "s3:Get Object"] {
            assert_eq!(action(text), "doubted", "{text}");
        }
        for text in ["GetObject", "", "a:b:c"] {
            assert_eq!(action(text), "refused", "{text}");
        }
        for text in ["StringEquals", "ForAllValues:StringLike", "ForAnyValue:ArnLikeIfExists", "Null", "bool"] {
            assert_eq!(test(text), "taken", "{text}");
        }
        assert_eq!(test("StringMatches"), "doubted");
        assert_eq!(verdict(&Statement { conditions: vec![with("Bool", "k", &[])], ..statement() }), "doubted");
    }

    #[test]
    fn a_part_that_is_missing_is_told_as_iam_reads_it() {
        let short = Statement { resources: texts(&["arn:aws:sqs"]), ..statement() };
        assert!(doubts("s", &[short])[0].text.contains("reads it as `arn:aws:sqs:*:*:*`"));
    }

    #[test]
    fn a_variable_in_the_notation_of_the_aws_provider_is_doubted() {
        let home = "arn:aws:s3:::b/home/&{aws:username}/*";
        let of = |resource: &str, value: &str| {
            let conditions = vec![with("StringLike", "s3:prefix", &["x", value])];
            doubts("s", &[Statement { resources: texts(&[resource]), conditions, ..statement() }])
        };
        let found = of(home, "home/&{aws:username}/*");
        let attributes: Vec<_> = found.iter().map(|doubt| doubt.attribute.as_str()).collect();
        assert_eq!(attributes, ["s[0].resources[0]", "s[0].conditions[0].values[1]"]);
        assert!(found.iter().all(|doubt| doubt.text.contains("`$${aws:username}`")), "{found:?}");
        assert_eq!(of("arn:aws:s3:::b/home/${aws:username}/*", "a&b{c}"), []);
    }

    #[test]
    fn two_conditions_that_must_both_hold_are_not_joined_to_one_of_which_either_would_do() {
        let cases = [
            ("StringLike", "s3:prefix", true),
            ("StringEqualsIfExists", "s3:prefix", true),
            ("ForAllValues:StringEquals", "s3:prefix", true),
            ("Bool", "s3:prefix", true),
            ("Null", "s3:prefix", true),
            ("StringLike", "S3:Prefix", true),
            ("ForAnyValue:StringNotLike", "s3:prefix", true),
            ("StringNotLike", "S3:Prefix", false),
            ("ForAllValues:StringNotEquals", "s3:prefix", false),
            ("NotIpAddress", "s3:prefix", false),
            ("ArnNotLikeIfExists", "s3:prefix", false),
        ];
        for (test, key, refused) in cases {
            let two = |values: &[&str]| {
                let conditions = vec![with(test, "s3:prefix", &["a"]), with(test, key, values)];
                problems("s", &[Statement { conditions, ..statement() }])
            };
            assert_eq!(!two(&["b"]).is_empty(), refused, "{test} {key}");
            assert_eq!(two(&["a"]), [], "the same twice says nothing more: {test}");
        }
        let others =
            vec![with("StringLike", "a", &["x"]), with("StringLike", "b", &["y"]), with("StringEquals", "a", &["z"])];
        assert_eq!(problems("s", &[Statement { conditions: others, ..statement() }]), []);
    }
}

//! What IAM would say to requests that nobody makes (`SimulatePrincipalPolicy`).

use std::collections::BTreeSet;

use aws_sdk_iam::types as sdk;

use super::{AwsError, Iam};
use crate::clients::aws::error::failure;
use crate::retry::Budget;

/// Requests to Route53 that are tried in thought.
#[derive(Clone, Copy, Debug)]
pub struct Simulation<'a> {
    /// The zone's id.
    pub zone: &'a str,
    /// The names of the TXT records that are written.
    pub names: &'a BTreeSet<String>,
    /// Whether changes are waited for.
    pub waits: bool,
}

/// One action, as IAM judges it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Verdict {
    action: String,
    allowed: bool,
    /// Conditions look at something that was not told, so that the verdict is a guess.
    open: bool,
}

impl Iam {
    /// The actions that a principal (the ARN of a user or a role, in `partition`) is denied. Needs
    /// `iam:SimulatePrincipalPolicy`; asked once, without patience.
    pub async fn denied(
        &self,
        budget: &Budget,
        (partition, principal): (&str, &str),
        wish: &Simulation<'_>,
    ) -> Result<Vec<String>, AwsError> {
        let zone = format!("arn:{partition}:route53:::hostedzone/{}", wish.zone);
        let records = ["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets"];
        let mut verdicts = self.simulate(budget, principal, &records, &zone, conditions(wish)).await?;
        if wish.waits {
            // Any change: policies allow `change/*`.
            let change = format!("arn:{partition}:route53:::change/C0");
            verdicts.extend(self.simulate(budget, principal, &["route53:GetChange"], &change, Vec::new()).await?);
        }
        Ok(verdicts.into_iter().filter(|one| !one.allowed && !one.open).map(|one| one.action).collect())
    }

    async fn simulate(
        &self,
        budget: &Budget,
        principal: &str,
        actions: &[&str],
        resource: &str,
        context: Vec<sdk::ContextEntry>,
    ) -> Result<Vec<Verdict>, AwsError> {
        let request = self.0.api.client().simulate_principal_policy().policy_source_arn(principal);
        let request = request.set_action_names(Some(actions.iter().map(|action| (*action).to_owned()).collect()));
        let request = request.resource_arns(resource).set_context_entries(Some(context));
        let asked = budget.run(request.send()).await.map_err(|why| AwsError::Stopped { why, last: None })?;
        let answer = asked.map_err(|error| failure("iam", "SimulatePrincipalPolicy", &error))?;
        let judged = |one: sdk::EvaluationResult| Verdict {
            allowed: one.eval_decision == sdk::PolicyEvaluationDecisionType::Allowed,
            open: one.missing_context_values.is_some_and(|missing| !missing.is_empty()),
            action: one.eval_action_name,
        };
        Ok(answer.evaluation_results.unwrap_or_default().into_iter().map(judged).collect())
    }
}

/// What the conditions of a policy may look at:
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html>.
fn conditions(wish: &Simulation<'_>) -> Vec<sdk::ContextEntry> {
    let entry = |name: &str, values: Vec<String>| {
        sdk::ContextEntry::builder()
            .context_key_name(format!("route53:ChangeResourceRecordSets{name}"))
            .context_key_type(sdk::ContextKeyTypeEnum::StringList)
            .set_context_key_values(Some(values))
            .build()
    };
    vec![
        entry("NormalizedRecordNames", wish.names.iter().cloned().collect()),
        entry("RecordTypes", vec!["TXT".to_owned()]),
        entry("Actions", vec!["CREATE".to_owned(), "DELETE".to_owned()]),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clients::aws::scripted::{Script, refusal};

    fn answer(results: &[(&str, &str, &str)]) -> (u16, String) {
        let members = results.iter().map(|(action, decision, missing)| {
            let missing = if missing.is_empty() { String::new() } else { format!("<member>{missing}</member>") };
            format!(
                "<member><EvalActionName>{action}</EvalActionName><EvalDecision>{decision}</EvalDecision>\
                 <MissingContextValues>{missing}</MissingContextValues></member>"
            )
        });
        let members: String = members.collect();
        let body = format!(
            "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults>{members}\
             </EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
        );
        (200, body)
    }

    async fn denied(answers: Vec<(u16, String)>) -> (Result<Vec<String>, AwsError>, Vec<String>) {
        let script = Script::of(answers).await;
        let iam = Iam::new(&script.config(), None, 100);
        let names = BTreeSet::from(["_acme-challenge.a.example".to_owned()]);
        let wish = Simulation { zone: "Z1", names: &names, waits: true };
        let budget = Budget::uninterrupted(Duration::from_secs(10));
        let told = iam.denied(&budget, ("aws", "arn:aws:iam::1:role/ci"), &wish).await;
        (told, script.requests())
    }

    #[tokio::test]
    async fn what_is_denied_for_certain_is_told_and_the_request_names_what_policies_look_at() {
        let (change, list) = ("route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets");
        let answers = vec![
            answer(&[(change, "implicitDeny", ""), (list, "allowed", "")]),
            answer(&[("route53:GetChange", "explicitDeny", "")]),
        ];
        let (told, requests) = denied(answers).await;
        assert_eq!(told.unwrap(), [change, "route53:GetChange"]);
        let [first, second] = &requests[..] else { panic!("{requests:?}") };
        for part in ["role%2Fci", "hostedzone%2FZ1", "_acme-challenge.a.example", "NormalizedRecordNames", "TXT"] {
            assert!(first.contains(part), "{part} is not in {first}");
        }
        assert!(second.contains("change%2FC0"), "{second}");
    }

    #[tokio::test]
    async fn a_guess_is_not_told_and_a_refusal_is_not_asked_again() {
        let guess = answer(&[("route53:ChangeResourceRecordSets", "implicitDeny", "aws:PrincipalTag/team")]);
        let (told, _) = denied(vec![guess, answer(&[])]).await;
        assert_eq!(told.unwrap(), [""; 0]);
        for refused in [(403, refusal("AccessDenied", "no")), (500, "no".to_owned())] {
            let (told, requests) = denied(vec![refused]).await;
            assert!(told.is_err() && requests.len() == 1, "{told:?} {requests:?}");
        }
    }
}

//! Every workload's policy, in every partition, and what is wrong with arguments.

use serde_json::{Map, Value, json};

use super::*;
use crate::domain::irsa::limits::{INLINE, MANAGED, split};
use crate::domain::irsa::{mistakes, policy_json, same_policy, size};

fn ask(name: &str, arguments: &Value) -> Result<Vec<Statement>, WorkloadError> {
    statements(name, arguments.as_object().unwrap())
}

fn policy_of(name: &str, arguments: &Value) -> String {
    policy_json(&ask(name, arguments).unwrap())
}

fn wrong(name: &str, arguments: &Value) -> String {
    ask(name, arguments).unwrap_err().to_string()
}

/// A good value for an argument.
fn sample(parameter: &Parameter, partition: &str) -> Value {
    match parameter.name {
        "partition" => partition.into(),
        "region" => [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1"), ("aws", "eu-central-1")]
            .into_iter()
            .find(|(of, _)| *of == partition)
            .unwrap()
            .1
            .into(),
        "account_id" => "123456789012".into(),
        "hosted_zone_ids" => json!(["Z0123456789ABCDEFGHIJ", "/hostedzone/Z9876543210ABCDEFGHIJ"]),
        "dns_names" | "domains" | "record_names" => json!(["example.com", "*.example.org"]),
        "kms_key_arns" => json!([format!("arn:{partition}:kms:x:1:key/a")]),
        "node_role_arns" => json!([format!("arn:{partition}:iam::123456789012:role/nodes")]),
        "interruption_queue_arn" => format!("arn:{partition}:sqs:x:1:queue").into(),
        "file_system_arns" => format!("arn:{partition}:elasticfilesystem:x:1:file-system/fs-1").into(),
        "auto_scaling_group_arns" => format!("arn:{partition}:autoscaling:x:1:autoScalingGroup:a:b").into(),
        _ if parameter.kind == Kind::Flag => true.into(),
        _ => "registry".into(),
    }
}

/// The least that each workload needs, and all that it takes.
fn calls(partition: &str) -> Vec<(&'static Workload, Value)> {
    let given = |workload: &'static Workload, all: bool| -> Value {
        let wanted =
            workload.arguments().filter(|parameter| all || parameter.required || parameter.name == "partition");
        wanted.map(|parameter| (parameter.name.to_owned(), sample(parameter, partition))).collect::<Map<_, _>>().into()
    };
    let least = WORKLOADS.into_iter().map(|workload| {
        (
            workload,
            match workload.name {
                "external-secrets" => json!({ "secrets": "a", "partition": partition }),
                _ => given(workload, false),
            },
        )
    });
    least.chain(WORKLOADS.into_iter().map(|workload| (workload, given(workload, true)))).collect()
}

#[test]
fn every_policy_is_valid_and_within_iams_limits() {
    for partition in ["aws", "aws-cn", "aws-us-gov"] {
        for (workload, arguments) in calls(partition) {
            let statements = ask(workload.name, &arguments).unwrap();
            assert_eq!(mistakes::problems("statements", &statements), [], "{}", workload.name);
            assert_eq!(mistakes::doubts("statements", &statements), [], "{}", workload.name);
            let characters = size(&policy_json(&statements));
            assert!(characters <= INLINE, "{} has {characters}", workload.name);
            // Karpenter publishes five policies; the others have to fit one.
            let documents = split(&statements, MANAGED).unwrap().len();
            assert!(
                documents == 1 || (workload.name == "karpenter" && documents == 2),
                "{}: {characters}",
                workload.name
            );
        }
    }
}

#[test]
fn every_arn_is_of_the_partition() {
    for partition in ["aws", "aws-cn", "aws-us-gov"] {
        for (workload, arguments) in calls(partition) {
            let statements = ask(workload.name, &arguments).unwrap();
            let arns =
                statements.iter().flat_map(|statement| &statement.resources).filter(|text| text.starts_with("arn:"));
            for arn in arns {
                assert!(arn.starts_with(&format!("arn:{partition}:")), "{}: {arn}", workload.name);
            }
        }
    }
}

#[test]
fn what_is_written_twice_is_written_alike() {
    for (workload, arguments) in calls("aws") {
        assert_eq!(policy_of(workload.name, &arguments), policy_of(workload.name, &arguments));
    }
    assert!(WORKLOADS.windows(2).all(|pair| pair[0].name < pair[1].name), "they are in order");
}

#[test]
fn cert_manager_changes_challenge_texts_and_nothing_else() {
    let arguments = json!({ "hosted_zone_ids": ["Z0123456789"], "dns_names": ["*.Example.com.", "example.com"] });
    let expected = json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "Changes", "Effect": "Allow", "Action": "route53:GetChange", "Resource": "arn:aws:route53:::change/*" },
        { "Sid": "FindZones", "Effect": "Allow", "Action": "route53:ListHostedZonesByName", "Resource": "*" },
        { "Sid": "ReadRecords", "Effect": "Allow", "Action": "route53:ListResourceRecordSets",
          "Resource": "arn:aws:route53:::hostedzone/Z0123456789" },
        { "Sid": "ChallengeRecords", "Effect": "Allow", "Action": "route53:ChangeResourceRecordSets",
          "Resource": "arn:aws:route53:::hostedzone/Z0123456789",
          "Condition": { "ForAllValues:StringEquals": {
              "route53:ChangeResourceRecordSetsNormalizedRecordNames": "_acme-challenge.example.com",
              "route53:ChangeResourceRecordSetsRecordTypes": "TXT",
              "route53:ChangeResourceRecordSetsActions": ["CREATE", "UPSERT", "DELETE"] } } },
    ] });
    let policy = policy_of("cert-manager", &arguments);
    assert!(same_policy(&policy, &expected.to_string()), "{policy}");
}

#[test]
fn challenge_names_are_those_of_certificates_domains_and_records() {
    let names = |arguments: &Value| {
        let statements = ask("cert-manager", arguments).unwrap();
        let condition = &statements[3].conditions[0];
        (condition.test.clone(), condition.values.clone())
    };
    let like = "ForAllValues:StringLike".to_owned();
    assert_eq!(names(&json!({})), (like.clone(), vec!["_acme-challenge.*".to_owned()]));
    let domain = ["_acme-challenge.*.example.com", "_acme-challenge.example.com"].map(str::to_owned);
    assert_eq!(names(&json!({ "domains": "example.com" })), (like, domain.to_vec()));
    let record = names(&json!({ "record_names": ["example-com.acme.example.net."] })).1;
    assert_eq!(record, ["example-com.acme.example.net"]);
}

#[test]
fn zones_are_told_in_every_spelling() {
    let spellings = [
        "Z0123456789",
        "/hostedzone/Z0123456789",
        "hostedzone/Z0123456789",
        "arn:aws:route53:::hostedzone/Z0123456789",
    ];
    for workload in ["cert-manager", "external-dns"] {
        let policies: Vec<_> =
            spellings.iter().map(|id| policy_of(workload, &json!({ "hosted_zone_ids": [id] }))).collect();
        assert!(policies.iter().all(|policy| *policy == policies[0]), "{policies:?}");
        assert!(policies[0].contains("arn:aws:route53:::hostedzone/Z0123456789\""));
        assert!(policy_of(workload, &json!({})).contains("arn:aws:route53:::hostedzone/*"));
        let error = wrong(workload, &json!({ "hosted_zone_ids": ["example.com"] }));
        assert!(error.contains("`example.com`") && error.contains("/hostedzone/"), "{error}");
    }
}

#[test]
fn keys_are_used_through_their_service_only() {
    let key = |partition: &str| json!({ "bucket": "blobs", "partition": partition, "kms_key_arns": format!("arn:{partition}:kms:x:1:key/a") });
    assert!(!policy_of("registry-s3", &json!({ "bucket": "blobs" })).contains("kms:"));
    assert!(policy_of("registry-s3", &key("aws")).contains(r#""kms:ViaService":"s3.*.amazonaws.com""#));
    assert!(policy_of("registry-s3", &key("aws-cn")).contains(r#""kms:ViaService":"s3.*.amazonaws.com.cn""#));
    let folder = json!({ "bucket": "blobs", "root_directory": "/images/" });
    assert!(policy_of("registry-s3", &folder).contains(r#""arn:aws:s3:::blobs/images/*""#));
}

#[test]
fn a_name_narrows_what_a_controller_may_change() {
    let one = policy_of("aws-load-balancer-controller", &json!({ "cluster_name": "one" }));
    assert!(one.contains(r#""StringEquals":{"aws:ResourceTag/elbv2.k8s.aws/cluster":"one""#), "{one}");
    let any = policy_of("aws-load-balancer-controller", &json!({}));
    assert!(any.contains(r#""Null":{"aws:ResourceTag/elbv2.k8s.aws/cluster":"false""#), "{any}");
    let scaler = policy_of("cluster-autoscaler", &json!({ "cluster_name": "one" }));
    assert!(scaler.contains(r#""aws:ResourceTag/k8s.io/cluster-autoscaler/one":"owned""#), "{scaler}");
}

#[test]
fn secrets_are_found_by_the_name_that_aws_completes() {
    let policy = policy_of("external-secrets", &json!({ "secrets": ["db", "team/*"], "account_id": "123456789012" }));
    for arn in ["secretsmanager:*:123456789012:secret:db-??????", "secretsmanager:*:123456789012:secret:team/*"] {
        assert!(policy.contains(arn), "{policy}");
    }
    assert!(!policy.contains("ssm:") && !policy.contains("ListSecrets"));
    let parameter = policy_of("external-secrets", &json!({ "parameters": "/team/db", "region": "cn-north-1" }));
    assert!(parameter.contains("arn:aws-cn:ssm:cn-north-1:*:parameter/team/db"), "{parameter}");
    assert!(wrong("external-secrets", &json!({})).contains("`parameters`"));
}

#[test]
fn each_mistake_says_what_would_be_right() {
    let karpenter = |more: &Value| {
        let mut all = json!({ "cluster_name": "c", "region": "eu-central-1", "account_id": "123456789012", "node_role_arns": "arn:aws:iam::123456789012:role/n" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let cases = [
        (wrong("certmanager", &json!({})), "`cert-manager`, `cluster-autoscaler`"),
        (wrong("cert-manager", &json!({ "zones": [] })), "it takes `hosted_zone_ids`, `dns_names`"),
        (wrong("registry-s3", &json!({})), "`registry-s3` needs the argument `bucket`: the bucket's name"),
        (wrong("registry-s3", &json!({ "bucket": "A" })), "`A`"),
        (wrong("registry-s3", &json!({ "bucket": ["a"] })), "must be a string"),
        (wrong("external-dns", &json!({ "hosted_zone_ids": [] })), "leave it out"),
        (wrong("external-dns", &json!({ "domains": ["a..b"] })), "`domains` holds `a..b`"),
        (wrong("efs-csi", &json!({ "s3_files": "yes" })), "`true` or `false`"),
        (wrong("ebs-csi", &json!({ "partition": "china" })), "`aws-cn`"),
        (wrong("ebs-csi", &json!({ "kms_key_arns": ["alias/x"] })), "`arn:aws:kms:`"),
        (wrong("karpenter", &karpenter(&json!({ "region": "frankfurt" }))), "`eu-central-1`"),
        (wrong("karpenter", &karpenter(&json!({ "partition": "aws-cn" }))), "the region lies in `aws`"),
        (wrong("karpenter", &karpenter(&json!({ "account_id": "12" }))), "twelve digits"),
        (wrong("ecr-read", &json!({ "repositories": "arn:aws:s3:::x" })), "`arn:aws:ecr:`"),
    ];
    for (error, expected) in cases {
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

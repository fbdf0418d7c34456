//! The AWS Load Balancer Controller.
//!
//! Source: <https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/docs/install/iam_policy.json>;
//! those of China and `GovCloud` differ from it by the partition only.

use super::arguments::{Arguments, Kind, Parameter};
use super::{Workload, WorkloadError, allow, anything};
use crate::domain::irsa::Statement;

pub(super) const CONTROLLER: Workload = Workload {
    name: "aws-load-balancer-controller",
    about: "the AWS Load Balancer Controller: sees the network, and changes what it made itself",
    parameters: &[Parameter::optional(
        "cluster_name",
        Kind::Text,
        "the cluster whose load balancers, target groups and security groups it may change, by the tag \
         `elbv2.k8s.aws/cluster`; those of every cluster if left out",
    )],
    statements,
};

const ELB: &str = "elasticloadbalancing";
const REQUEST: &str = "aws:RequestTag/elbv2.k8s.aws/cluster";
const RESOURCE: &str = "aws:ResourceTag/elbv2.k8s.aws/cluster";

/// The controller's own tag, on what is asked for or on what is there: the cluster's, or any.
#[derive(Clone, Copy)]
struct Tag<'a>(Option<&'a str>);

impl Tag<'_> {
    fn on(self, key: &str, statement: Statement) -> Statement {
        match self.0 {
            Some(cluster) => statement.when("StringEquals", key, [cluster]),
            None => statement.when("Null", key, ["false"]),
        }
    }
}

#[allow(clippy::unnecessary_wraps, reason = "every workload's function has this form")]
fn statements(arguments: &Arguments<'_>) -> Result<Vec<Statement>, WorkloadError> {
    let tag = Tag(arguments.text("cluster_name"));
    let arn = |service: &str, resource: &str| format!("arn:{}:{service}:*:*:{resource}", arguments.partition());
    let group = || [arn("ec2", "security-group/*")];
    let parts = || ["targetgroup/*/*", "loadbalancer/net/*/*", "loadbalancer/app/*/*"].map(|part| arn(ELB, part));
    let rules = ["listener/net/*/*/*", "listener/app/*/*/*", "listener-rule/net/*/*/*", "listener-rule/app/*/*/*"];
    let create_tags = allow("TagNewGroups", "ec2", &["CreateTags"], group());
    let retag_groups = allow("RetagGroups", "ec2", &["CreateTags", "DeleteTags"], group());
    let retag = allow("Retag", ELB, &["AddTags", "RemoveTags"], parts());
    let tag_new = allow("TagNew", ELB, &["AddTags"], parts());
    Ok(vec![
        allow("LinkedRole", "iam", &["CreateServiceLinkedRole"], anything()).when(
            "StringEquals",
            "iam:AWSServiceName",
            ["elasticloadbalancing.amazonaws.com"],
        ),
        describe(),
        integrate(),
        allow(
            "Groups",
            "ec2",
            &["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "CreateSecurityGroup"],
            anything(),
        ),
        tag.on(REQUEST, create_tags.when("StringEquals", "ec2:CreateAction", ["CreateSecurityGroup"])),
        tag.on(RESOURCE, retag_groups.when("Null", REQUEST, ["true"])),
        tag.on(RESOURCE, allow("DeleteGroups", "ec2", &["DeleteSecurityGroup"], anything())),
        tag.on(REQUEST, allow("Create", ELB, &["CreateLoadBalancer", "CreateTargetGroup"], anything())),
        allow("Listeners", ELB, &LISTENERS, anything()),
        tag.on(RESOURCE, retag.when("Null", REQUEST, ["true"])),
        allow("TagRules", ELB, &["AddTags", "RemoveTags"], rules.map(|rule| arn(ELB, rule))),
        tag.on(RESOURCE, allow("Change", ELB, &CHANGE, anything())),
        tag.on(
            REQUEST,
            tag_new.when(
                "StringEquals",
                "elasticloadbalancing:CreateAction",
                ["CreateTargetGroup", "CreateLoadBalancer"],
            ),
        ),
        allow("Targets", ELB, &["RegisterTargets", "DeregisterTargets"], [arn(ELB, "targetgroup/*/*")]),
    ])
}

const LISTENERS: [&str; 10] = [
    "CreateListener",
    "DeleteListener",
    "CreateRule",
    "DeleteRule",
    "SetWebAcl",
    "ModifyListener",
    "AddListenerCertificates",
    "RemoveListenerCertificates",
    "ModifyRule",
    "SetRulePriorities",
];

const CHANGE: [&str; 11] = [
    "ModifyLoadBalancerAttributes",
    "SetIpAddressType",
    "SetSecurityGroups",
    "SetSubnets",
    "DeleteLoadBalancer",
    "ModifyTargetGroup",
    "ModifyTargetGroupAttributes",
    "DeleteTargetGroup",
    "ModifyListenerAttributes",
    "ModifyCapacityReservation",
    "ModifyIpPools",
];

/// What the controller looks at.
fn describe() -> Statement {
    let network = [
        "DescribeAccountAttributes",
        "DescribeAddresses",
        "DescribeAvailabilityZones",
        "DescribeInternetGateways",
        "DescribeVpcs",
        "DescribeVpcPeeringConnections",
        "DescribeSubnets",
        "DescribeSecurityGroups",
        "DescribeInstances",
        "DescribeNetworkInterfaces",
        "DescribeTags",
        "GetCoipPoolUsage",
        "DescribeCoipPools",
        "GetSecurityGroupsForVpc",
        "DescribeIpamPools",
        "DescribeRouteTables",
    ];
    let balancing = [
        "DescribeLoadBalancers",
        "DescribeLoadBalancerAttributes",
        "DescribeListeners",
        "DescribeListenerCertificates",
        "DescribeSSLPolicies",
        "DescribeRules",
        "DescribeTargetGroups",
        "DescribeTargetGroupAttributes",
        "DescribeTargetHealth",
        "DescribeTags",
        "DescribeTrustStores",
        "DescribeListenerAttributes",
        "DescribeCapacityReservation",
    ];
    allow("Describe", "ec2", &network, anything()).and(ELB, &balancing)
}

/// Certificates, firewalls and logins that a load balancer is joined with.
fn integrate() -> Statement {
    let firewall = ["GetWebACL", "GetWebACLForResource", "AssociateWebACL", "DisassociateWebACL"];
    allow("Integrate", "cognito-idp", &["DescribeUserPoolClient"], anything())
        .and("acm", &["ListCertificates", "DescribeCertificate"])
        .and("iam", &["ListServerCertificates", "GetServerCertificate"])
        .and("waf-regional", &firewall)
        .and("wafv2", &firewall)
        .and("shield", &["GetSubscriptionState", "DescribeProtection", "CreateProtection", "DeleteProtection"])
}

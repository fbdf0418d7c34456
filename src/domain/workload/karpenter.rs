//! Karpenter's controller.
//!
//! Source: <https://karpenter.sh/docs/reference/cloudformation/>, the controller's policies as of Karpenter 1.

use super::arguments::{Arguments, Kind, Parameter};
use super::place::Place;
use super::{Workload, WorkloadError, allow, anything};
use crate::domain::irsa::Statement;

pub(super) const KARPENTER: Workload = Workload {
    name: "karpenter",
    about: "Karpenter's controller: makes nodes for one cluster, and changes what it made. With long names \
            the policy exceeds one managed policy, which `policy_kind = \"managed\"` divides",
    parameters: &[
        Parameter::required("cluster_name", Kind::Text, "the cluster's name"),
        Parameter::required("region", Kind::Text, "the region, such as `eu-central-1`"),
        Parameter::required("account_id", Kind::Text, "the account's twelve digits"),
        Parameter::required("node_role_arns", Kind::Texts, "the ARNs of the roles that its nodes get"),
        Parameter::optional(
            "interruption_queue_arn",
            Kind::Text,
            "the ARN of the SQS queue of interruptions; without it nothing of SQS is allowed",
        ),
        Parameter::optional("zonal_shift", Kind::Flag, "whether it heeds zonal shifts; `false` if left out"),
    ],
    statements,
};

/// The cluster that all conditions are about.
struct Cluster<'a> {
    name: &'a str,
    region: &'a str,
    place: Place<'a>,
}

fn statements(arguments: &Arguments<'_>) -> Result<Vec<Statement>, WorkloadError> {
    let cluster = Cluster {
        name: arguments.required("cluster_name"),
        region: arguments.required("region"),
        place: Place::of(arguments)?,
    };
    let roles = arguments.arns("node_role_arns", "iam")?;
    let queue = arguments.arns("interruption_queue_arn", "sqs")?;
    let mut statements = cluster.nodes();
    statements.extend(cluster.profiles(roles));
    statements.extend(cluster.discovery());
    let cluster_arn = cluster.place.arn("eks", &format!("cluster/{}", cluster.name));
    if !queue.is_empty() {
        statements.push(allow("Interruptions", "sqs", &["DeleteMessage", "GetQueueUrl", "ReceiveMessage"], queue));
    }
    if arguments.flag("zonal_shift") {
        let look = allow("ZonalShifts", "arc-zonal-shift", &["GetManagedResource"], anything());
        statements.push(look.when("StringEquals", "arc-zonal-shift:ResourceIdentifier", [cluster_arn.clone()]));
    }
    statements.push(allow("Endpoint", "eks", &["DescribeCluster"], [cluster_arn]));
    Ok(statements)
}

impl Cluster<'_> {
    /// Only what carries the cluster's tag, and one of Karpenter's, whatever its value.
    fn tagged(&self, statement: Statement, whose: &str, karpenter: &str) -> Statement {
        statement.when("StringEquals", format!("aws:{whose}/kubernetes.io/cluster/{}", self.name), ["owned"]).when(
            "StringLike",
            format!("aws:{whose}/{karpenter}"),
            ["*"],
        )
    }

    /// Only requests that also name the cluster by EKS's tag.
    fn requested(&self, statement: Statement, karpenter: &str) -> Statement {
        self.tagged(statement, "RequestTag", karpenter).when(
            "StringEquals",
            "aws:RequestTag/eks:eks-cluster-name",
            [self.name],
        )
    }

    /// Instances, and what they are made from.
    fn nodes(&self) -> Vec<Statement> {
        const POOL: &str = "karpenter.sh/nodepool";
        let arn = |resource: &str| self.place.regional_any_account("ec2", resource);
        let made = || {
            [
                "fleet/*",
                "instance/*",
                "volume/*",
                "network-interface/*",
                "launch-template/*",
                "spot-instances-request/*",
            ]
            .map(arn)
        };
        let sources = [
            self.place.regional_arn("ec2", "image/*"),
            self.place.regional_arn("ec2", "snapshot/*"),
            arn("security-group/*"),
            arn("subnet/*"),
            arn("capacity-reservation/*"),
            arn("placement-group/*"),
        ];
        let launch = ["RunInstances", "CreateFleet"];
        let create = ["RunInstances", "CreateFleet", "CreateLaunchTemplate"];
        let own = [arn("instance/*"), arn("launch-template/*")];
        let retag = allow("TagNodes", "ec2", &["CreateTags"], [arn("instance/*")])
            .when("StringEqualsIfExists", "aws:RequestTag/eks:eks-cluster-name", [self.name])
            .when(
                "ForAllValues:StringEquals",
                "aws:TagKeys",
                ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"],
            );
        vec![
            allow("LaunchFrom", "ec2", &launch, sources),
            self.tagged(allow("LaunchByTemplate", "ec2", &launch, [arn("launch-template/*")]), "ResourceTag", POOL),
            self.requested(allow("Launch", "ec2", &create, made()), POOL),
            self.requested(allow("TagNew", "ec2", &["CreateTags"], made()), POOL).when(
                "StringEquals",
                "ec2:CreateAction",
                create,
            ),
            self.tagged(retag, "ResourceTag", POOL),
            self.tagged(
                allow("Terminate", "ec2", &["TerminateInstances", "DeleteLaunchTemplate"], own),
                "ResourceTag",
                POOL,
            ),
        ]
    }

    /// Instance profiles, and the role in them.
    fn profiles(&self, roles: Vec<String>) -> Vec<Statement> {
        const CLASS: &str = "karpenter.k8s.aws/ec2nodeclass";
        let profiles = || [self.place.account_arn("iam", "instance-profile/*")];
        let here = |statement: Statement, whose: &str| {
            statement.when("StringEquals", format!("aws:{whose}/topology.kubernetes.io/region"), [self.region])
        };
        let create = self.requested(allow("CreateProfiles", "iam", &["CreateInstanceProfile"], profiles()), CLASS);
        let tag = self.requested(allow("TagProfiles", "iam", &["TagInstanceProfile"], profiles()), CLASS);
        let change = ["AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile", "DeleteInstanceProfile"];
        let change = self.tagged(allow("ChangeProfiles", "iam", &change, profiles()), "ResourceTag", CLASS);
        vec![
            allow("PassRole", "iam", &["PassRole"], roles).when(
                "StringEquals",
                "iam:PassedToService",
                ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"],
            ),
            here(create, "RequestTag"),
            here(here(self.tagged(tag, "ResourceTag", CLASS), "RequestTag"), "ResourceTag"),
            here(change, "ResourceTag"),
            allow("ReadProfiles", "iam", &["GetInstanceProfile"], profiles()),
            allow("ListProfiles", "iam", &["ListInstanceProfiles"], anything()),
        ]
    }

    /// What there is to choose from, and what it costs.
    fn discovery(&self) -> [Statement; 3] {
        let look = [
            "DescribeCapacityReservations",
            "DescribeImages",
            "DescribeInstances",
            "DescribeInstanceStatus",
            "DescribeInstanceTypeOfferings",
            "DescribeInstanceTypes",
            "DescribeLaunchTemplates",
            "DescribePlacementGroups",
            "DescribeSecurityGroups",
            "DescribeSpotPriceHistory",
            "DescribeSubnets",
        ];
        [
            allow("Describe", "ec2", &look, anything()).when("StringEquals", "aws:RequestedRegion", [self.region]),
            allow("Parameters", "ssm", &["GetParameter"], [self.place.regional_arn("ssm", "parameter/aws/service/*")]),
            allow("Prices", "pricing", &["GetProducts"], anything()),
        ]
    }
}

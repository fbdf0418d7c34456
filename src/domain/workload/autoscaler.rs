//! The Kubernetes cluster autoscaler on Auto Scaling groups.
//!
//! Sources: <https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md>, and the
//! tags that EKS puts on the groups of managed node groups:
//! <https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html>.

use super::arguments::{Arguments, Kind, Parameter};
use super::{Workload, WorkloadError, allow, anything};
use crate::domain::irsa::Statement;

pub(super) const CLUSTER_AUTOSCALER: Workload = Workload {
    name: "cluster-autoscaler",
    about: "the cluster autoscaler: sees all Auto Scaling groups and changes those of `cluster_name` or \
            `auto_scaling_group_arns`; all if both are left out",
    parameters: &[
        Parameter::optional(
            "cluster_name",
            Kind::Text,
            "the cluster whose groups may change: those with the tag `k8s.io/cluster-autoscaler/NAME = owned`",
        ),
        Parameter::optional("auto_scaling_group_arns", Kind::Texts, "ARNs of the groups that may change"),
    ],
    statements,
};

fn statements(arguments: &Arguments<'_>) -> Result<Vec<Statement>, WorkloadError> {
    let look = [
        "DescribeAutoScalingGroups",
        "DescribeAutoScalingInstances",
        "DescribeLaunchConfigurations",
        "DescribeScalingActivities",
        "DescribeTags",
    ];
    let sizes = [
        "DescribeImages",
        "DescribeInstanceTypes",
        "DescribeLaunchTemplateVersions",
        "GetInstanceTypesFromInstanceRequirements",
    ];
    let groups = arguments.arns("auto_scaling_group_arns", "autoscaling")?;
    let groups = if groups.is_empty() { anything().to_vec() } else { groups };
    let scale = allow("Scale", "autoscaling", &["SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup"], groups);
    let scale = match arguments.text("cluster_name") {
        Some(cluster) => {
            scale.when("StringEquals", format!("aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster}"), ["owned"])
        }
        None => scale,
    };
    let describe =
        allow("Describe", "autoscaling", &look, anything()).and("ec2", &sizes).and("eks", &["DescribeNodegroup"]);
    Ok(vec![describe, scale])
}

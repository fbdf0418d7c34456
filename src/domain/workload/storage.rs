//! The CSI drivers of EBS and EFS.
//!
//! Sources: <https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/install.md> (AWS's managed policy
//! `AmazonEBSCSIDriverPolicyV2`) and
//! <https://github.com/kubernetes-sigs/aws-efs-csi-driver/blob/master/docs/iam-policy-create.md>.

use super::arguments::{Arguments, Kind, Parameter};
use super::place::KMS_KEYS;
use super::{Workload, WorkloadError, allow, anything};
use crate::domain::irsa::Statement;

pub(super) const EBS_CSI: Workload = Workload {
    name: "ebs-csi",
    about: "the EBS CSI driver: the volumes and snapshots that it made itself. Volumes made by others need its tag \
            `ebs.csi.aws.com/cluster = true`",
    parameters: &[KMS_KEYS],
    statements: ebs,
};

pub(super) const EFS_CSI: Workload = Workload {
    name: "efs-csi",
    about: "the EFS CSI driver: access points that it made itself",
    parameters: &[
        Parameter::optional(
            "file_system_arns",
            Kind::Texts,
            "ARNs of the file systems that may get access points; all if left out",
        ),
        Parameter::optional("s3_files", Kind::Flag, "whether S3 Files are used as well; `false` if left out"),
    ],
    statements: efs,
};

/// The tag of what the EBS driver made.
const EBS_MADE: &str = "ec2:ResourceTag/ebs.csi.aws.com/cluster";
/// The tag that it makes new things with.
const EBS_MAKES: &str = "aws:RequestTag/ebs.csi.aws.com/cluster";
/// The tag of what the driver's predecessor in Kubernetes itself made.
const EBS_MIGRATED: &str = "ec2:ResourceTag/kubernetes.io/created-for/pvc/name";

fn ebs(arguments: &Arguments<'_>) -> Result<Vec<Statement>, WorkloadError> {
    let arn = |resource: &str| [format!("arn:{}:ec2:*:*:{resource}", arguments.partition())];
    let (volumes, snapshots) = (|| arn("volume/*"), || arn("snapshot/*"));
    let own = |sid: &str, actions: &[&str], resources| {
        allow(sid, "ec2", actions, resources).when("StringEquals", EBS_MADE, ["true"])
    };
    let made = |sid: &str, actions: &[&str], resources| {
        allow(sid, "ec2", actions, resources).when("StringEquals", EBS_MAKES, ["true"])
    };
    let migrated = |sid: &str, actions: &[&str], resources| {
        allow(sid, "ec2", actions, resources).when("StringLike", EBS_MIGRATED, ["*"])
    };
    let describe = [
        "DescribeAvailabilityZones",
        "DescribeInstances",
        "DescribeInstanceTypes",
        "DescribeSnapshots",
        "DescribeVolumes",
        "DescribeVolumesModifications",
        "DescribeVolumeStatus",
    ];
    let manage = ["ModifyVolume", "AttachVolume", "DetachVolume", "DeleteVolume"];
    let mut statements = vec![
        allow("Describe", "ec2", &describe, anything()),
        made("CreateVolumes", &["CreateVolume", "CopyVolumes"], volumes()),
        own("CopyVolumes", &["CopyVolumes"], arn("volume/vol-*")),
        migrated("CopyMigratedVolumes", &["CopyVolumes"], arn("volume/vol-*")),
        made("CreateSnapshots", &["CreateSnapshot"], snapshots()),
        own("SnapshotVolumes", &["CreateSnapshot"], volumes()),
        own("ManageVolumes", &manage, volumes()),
        migrated("ManageMigratedVolumes", &manage, volumes()),
        own("RestoreSnapshots", &["CreateVolume", "EnableFastSnapshotRestores"], snapshots()),
        allow("AttachToInstances", "ec2", &["AttachVolume", "DetachVolume"], arn("instance/*")),
        own("DeleteSnapshots", &["DeleteSnapshot", "LockSnapshot"], snapshots()),
        allow("TagNew", "ec2", &["CreateTags"], [volumes(), snapshots()].concat()).when(
            "StringEquals",
            "ec2:CreateAction",
            ["CreateVolume", "CreateSnapshot", "CopyVolumes"],
        ),
        retag(volumes()),
    ];
    statements.extend(ebs_keys(arguments.arns("kms_key_arns", "kms")?));
    Ok(statements)
}

/// Tags of own volumes may change, but for those that these rights hang on.
fn retag(volumes: [String; 1]) -> Statement {
    let kept = ["ebs.csi.aws.com/cluster", "ebs.csi.aws.com/cluster-name", "kubernetes.io/created-for/pvc/name"];
    allow("RetagVolumes", "ec2", &["CreateTags", "DeleteTags"], volumes)
        .when("StringEquals", EBS_MADE, ["true"])
        .when("Null", "aws:TagKeys", ["false"])
        .when("ForAllValues:StringNotEquals", "aws:TagKeys", kept)
}

fn ebs_keys(keys: Vec<String>) -> Vec<Statement> {
    if keys.is_empty() {
        return Vec::new();
    }
    let use_keys = allow("Keys", "kms", &["Decrypt", "GenerateDataKeyWithoutPlaintext"], keys.clone());
    let grant = allow("GrantKeys", "kms", &["CreateGrant"], keys).when("Bool", "kms:GrantIsForAWSResource", ["true"]);
    vec![use_keys, grant]
}

fn efs(arguments: &Arguments<'_>) -> Result<Vec<Statement>, WorkloadError> {
    const TAG: &str = "efs.csi.aws.com/cluster";
    let file_systems = arguments.arns("file_system_arns", "elasticfilesystem")?;
    let file_systems = if file_systems.is_empty() { anything().to_vec() } else { file_systems };
    let efs = |sid: &str, actions: &[&str], resources: Vec<String>| allow(sid, "elasticfilesystem", actions, resources);
    let resource_tag = format!("aws:ResourceTag/{TAG}");
    let mut statements = vec![
        efs("Describe", &["DescribeAccessPoints", "DescribeFileSystems", "DescribeMountTargets"], anything().into())
            .and("ec2", &["DescribeAvailabilityZones"]),
        efs("CreateAccessPoints", &["CreateAccessPoint"], file_systems).when(
            "StringLike",
            format!("aws:RequestTag/{TAG}"),
            ["true"],
        ),
        efs("TagAccessPoints", &["TagResource"], anything().into()).when("StringLike", &*resource_tag, ["true"]),
        efs("DeleteAccessPoints", &["DeleteAccessPoint"], anything().into()).when(
            "StringEquals",
            &*resource_tag,
            ["true"],
        ),
    ];
    if arguments.flag("s3_files") {
        let files = |sid: &str, actions: &[&str]| allow(sid, "s3files", actions, anything());
        statements.extend([
            files("ListFiles", &["ListAccessPoints", "ListFileSystems"]),
            files("CreateFiles", &["CreateAccessPoint"]).when("StringLike", format!("aws:RequestTag/{TAG}"), ["true"]),
            files("ChangeFiles", &["TagResource", "DeleteAccessPoint"]).when("StringEquals", resource_tag, ["true"]),
        ]);
    }
    Ok(statements)
}

//! A registry that keeps its blobs in a bucket.
//!
//! Source: <https://distribution.github.io/distribution/storage-drivers/s3/>; KMS for uploads in parts:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>.

use super::arguments::{Arguments, Kind, Parameter, wrong};
use super::place::{KMS_KEYS, service_domain};
use super::{Workload, WorkloadError, allow};
use crate::domain::irsa::Statement;

pub(super) const REGISTRY_S3: Workload = Workload {
    name: "registry-s3",
    about: "the storage of a registry (`berth_registry`, or any of distribution's) in a bucket of S3",
    parameters: &[
        Parameter::required("bucket", Kind::Text, "the bucket's name"),
        Parameter::optional(
            "root_directory",
            Kind::Text,
            "the folder in the bucket that the registry keeps to; the whole bucket if left out",
        ),
        KMS_KEYS,
    ],
    statements,
};

fn statements(arguments: &Arguments<'_>) -> Result<Vec<Statement>, WorkloadError> {
    let partition = arguments.partition();
    let bucket = bucket(arguments.required("bucket"))?;
    let bucket = format!("arn:{partition}:s3:::{bucket}");
    let folder = arguments.text("root_directory").unwrap_or_default().trim_matches('/');
    let objects = if folder.is_empty() { format!("{bucket}/*") } else { format!("{bucket}/{folder}/*") };
    let on_bucket = ["ListBucket", "GetBucketLocation", "ListBucketMultipartUploads"];
    let on_objects = ["PutObject", "GetObject", "DeleteObject", "ListMultipartUploadParts", "AbortMultipartUpload"];
    let mut statements =
        vec![allow("Bucket", "s3", &on_bucket, [bucket]), allow("Objects", "s3", &on_objects, [objects])];
    let keys = arguments.arns("kms_key_arns", "kms")?;
    if !keys.is_empty() {
        let via = format!("s3.*.{}", service_domain(partition));
        let use_keys = allow("Keys", "kms", &["Decrypt", "GenerateDataKey"], keys);
        statements.push(use_keys.when("StringLike", "kms:ViaService", [via]));
    }
    Ok(statements)
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
fn bucket(name: &str) -> Result<&str, WorkloadError> {
    let good = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || matches!(octet, b'.' | b'-');
    if (3..=63).contains(&name.len()) && name.bytes().all(good) {
        return Ok(name);
    }
    Err(wrong(
        "bucket",
        format!("must be a bucket's name (3 to 63 lower-case letters, digits, `.` and `-`), and is `{name}`"),
    ))
}

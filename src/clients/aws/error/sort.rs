//! From the SDK's errors and AWS's codes to what a caller can do about them.

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{AwsError, Reply};
use crate::explain::chain;

/// Sorts an SDK error.
pub(in crate::clients::aws) fn failure<E>(
    service: &'static str,
    operation: &'static str,
    error: &SdkError<E, HttpResponse>,
) -> AwsError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    if let Some(cause) = credentials_cause(error) {
        return AwsError::Credentials(cause);
    }
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    match error {
        SdkError::ServiceError(context) if context.err().code().is_some() || status < 500 => {
            sort(reply(service, operation, status, error, context.err()))
        }
        SdkError::ServiceError(context) => AwsError::Busy(reply(service, operation, status, error, context.err())),
        SdkError::ConstructionFailure(_) => AwsError::Invalid(Reply::ours(service, operation, &chain(error))),
        _ => AwsError::Unreachable { service, operation, cause: chain(error) },
    }
}

fn reply<E: ProvideErrorMetadata>(
    service: &'static str,
    operation: &'static str,
    status: u16,
    error: &SdkError<E, HttpResponse>,
    said: &E,
) -> Box<Reply> {
    let header = |name| error.raw_response().and_then(|response| response.headers().get(name));
    Box::new(Reply {
        service,
        operation,
        code: said.code().map_or_else(|| format!("HTTP {status}"), str::to_owned),
        message: said.message().unwrap_or("no words").to_owned(),
        request_id: header("x-amzn-requestid").or_else(|| header("x-amz-request-id")).map(str::to_owned),
        status,
        lost_answers: 0,
        repeats: None,
    })
}

/// Codes: <https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html> and each operation's page.
pub(super) fn sort(reply: Box<Reply>) -> AwsError {
    match reply.code.as_str() {
        "EntityAlreadyExists" => AwsError::AlreadyExists(reply),
        "NoSuchEntity" | "NoSuchHostedZone" | "NoSuchChange" | "NoSuchHealthCheck" | "ResourceNotFoundException" => {
            AwsError::NotFound(reply)
        }
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "NotAuthorized" => {
            AwsError::AccessDenied { action: format!("{}:{}", reply.service, reply.operation), reply }
        }
        "InvalidClientTokenId"
        | "SignatureDoesNotMatch"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "MissingAuthenticationToken"
        | "IncompleteSignature" => AwsError::Credentials(format!("{} ({})", reply.message, reply.code)),
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "PriorRequestNotComplete"
        | "SlowDown" => AwsError::Throttled(reply),
        "ConcurrentModification"
        | "EntityTemporarilyUnmodifiable"
        | "ServiceFailure"
        | "ServiceUnavailable"
        | "InternalFailure"
        | "InternalError"
        | "RequestTimeout" => AwsError::Busy(reply),
        "LimitExceeded" | "LimitsExceeded" => AwsError::Limit(reply),
        "DeleteConflict" => AwsError::Conflict(reply),
        "MalformedPolicyDocument"
        | "InvalidInput"
        | "InvalidChangeBatch"
        | "ValidationError"
        | "InvalidParameterValue"
        | "InvalidDomainName"
        | "InvalidParameterException"
        | "NoSuchCidrCollection" => AwsError::Invalid(reply),
        _ if reply.status == 429 => AwsError::Throttled(reply),
        _ if reply.status >= 500 => AwsError::Busy(reply),
        _ => AwsError::Other(reply),
    }
}

/// The words of the credentials chain, if that is what failed.
fn credentials_cause(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<CredentialsError>() {
            return Some(chain(cause));
        }
        source = cause.source();
    }
    None
}

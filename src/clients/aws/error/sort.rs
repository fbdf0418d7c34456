//! From the SDK's errors and AWS's codes to what a caller can do about them.

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{AwsError, Reply, Silence};
use crate::clients::aws::http::Lost;
use crate::clients::aws::login::Lack;
use crate::clients::http::causes;
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
    if let Some(lost) = causes(error).find_map(|cause| cause.downcast_ref::<Lost>()) {
        return AwsError::Unreachable(Box::new(Silence::of(service, operation, lost)));
    }
    if let Some(lack) = credentials_cause(error) {
        return AwsError::Credentials(lack);
    }
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    match error {
        SdkError::ServiceError(context) if context.err().code().is_some() || status < 500 => {
            sort(reply(service, operation, status, error, context.err()))
        }
        SdkError::ServiceError(context) => AwsError::Busy(reply(service, operation, status, error, context.err())),
        SdkError::ConstructionFailure(_) => AwsError::Invalid(Reply::ours(service, operation, &chain(error))),
        // An address that the settings exclude, such as one of the user's own together with FIPS.
        SdkError::DispatchFailure(failure) if !failure.is_io() && !failure.is_timeout() => {
            AwsError::Invalid(Reply::ours(service, operation, &chain(error)))
        }
        _ => AwsError::Unreachable(Box::new(Silence::unknown(service, operation, chain(error)))),
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
        // EKS's words for a name that is taken, which IAM and Route53 do not use.
        "EntityAlreadyExists" | "ResourceInUseException" => AwsError::AlreadyExists(reply),
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
        | "IncompleteSignature" => AwsError::Credentials(lack(format!("{} ({})", reply.message, reply.code))),
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
        | "ServerException"
        | "RequestTimeout" => AwsError::Busy(reply),
        "LimitExceeded" | "LimitsExceeded" | "ResourceLimitExceededException" => AwsError::Limit(reply),
        "DeleteConflict" => AwsError::Conflict(reply),
        "MalformedPolicyDocument"
        | "InvalidInput"
        | "InvalidChangeBatch"
        | "ValidationError"
        | "InvalidParameterValue"
        | "InvalidDomainName"
        | "InvalidParameterException"
        | "InvalidRequestException"
        | "NoSuchCidrCollection" => AwsError::Invalid(reply),
        _ if reply.status == 429 => AwsError::Throttled(reply),
        _ if reply.status >= 500 => AwsError::Busy(reply),
        _ => AwsError::Other(reply),
    }
}

/// Why there are no credentials, if that is what failed.
fn credentials_cause(error: &(dyn std::error::Error + 'static)) -> Option<Lack> {
    let known = causes(error).find_map(|cause| cause.downcast_ref::<Lack>());
    let other = || causes(error).find(|cause| cause.is::<CredentialsError>()).map(|cause| lack(chain(cause)));
    known.cloned().or_else(other)
}

/// Credentials that AWS or a chain of them refuses in its own words.
fn lack(cause: String) -> Lack {
    let next =
        "log in again, or correct the keys or the role that the words above name: the provider's `aws` attributes, \
                AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            .to_owned();
    Lack { cause, next }
}

//! Errors as the outside sees them: RFC 9457 `application/problem+json`.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use waxwing_core::{seal::UnsealError, target::UrlError};
use waxwing_store::{
    CreateAccountError, CreateWebhookError, DeleteKeyError, PublishError, RetryError, StoreError,
};

use crate::access::TooSoon;

macro_rules! codes {
    ($($name:ident = $word:literal, $status:ident, $title:literal;)*) => {
        /// Every code that the API answers with: a closed list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $(#[doc = $title] $name,)* }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word in `code`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The status that it comes with.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// The same short text for every occurrence.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    MalformedJson = "malformed_json", BAD_REQUEST, "The body is not valid JSON";
    QueryInvalid = "query_invalid", BAD_REQUEST, "A query parameter does not fit";
    CursorInvalid = "cursor_invalid", BAD_REQUEST, "The cursor is not one that this list gave";
    HeaderInvalid = "header_invalid", BAD_REQUEST, "A header does not fit";
    AccountHeaderMissing = "account_header_missing", BAD_REQUEST, "An operator key must name an account here";
    Unauthorized = "unauthorized", UNAUTHORIZED, "No valid API key";
    OperatorOnly = "operator_only", FORBIDDEN, "Only an operator key may do this";
    PublishOnly = "publish_only", FORBIDDEN, "This key may only publish";
    ReadOnly = "read_only", FORBIDDEN, "This key may only read";
    NotFound = "not_found", NOT_FOUND, "There is no such thing";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "This route has other methods";
    BodyTimeout = "body_timeout", REQUEST_TIMEOUT, "The body did not arrive in time";
    AccountExists = "account_exists", CONFLICT, "There is an account with this id";
    EventConflict = "event_conflict", CONFLICT, "This id was published with other content";
    LastOperatorKey = "last_operator_key", CONFLICT, "It is the last operator key";
    WebhookNotActive = "webhook_not_active", CONFLICT, "The webhook is not active";
    DataKeyLimitReached = "data_key_limit_reached", CONFLICT, "There are as many data keys as there may be";
    PayloadErased = "payload_erased", CONFLICT, "The event's payload is gone";
    TooLarge = "too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The body must be application/json";
    BodyInvalid = "body_invalid", UNPROCESSABLE_ENTITY, "The body does not fit";
    UrlNotHttps = "url_not_https", UNPROCESSABLE_ENTITY, "A webhook's URL must begin with https://";
    UrlNotPublic = "url_not_public", UNPROCESSABLE_ENTITY, "A webhook's URL must lead to a public address";
    UrlDenied = "url_denied", UNPROCESSABLE_ENTITY, "No deliveries may go to this host, network or port";
    UrlInvalid = "url_invalid", UNPROCESSABLE_ENTITY, "This is no URL for a webhook";
    EventTypeUnknown = "event_type_unknown", UNPROCESSABLE_ENTITY, "The catalog has no such event type";
    AccountUnknown = "account_unknown", UNPROCESSABLE_ENTITY, "There is no such account";
    DataInvalid = "data_invalid", UNPROCESSABLE_ENTITY, "The data does not satisfy its event type's schema";
    SchemaInvalid = "schema_invalid", UNPROCESSABLE_ENTITY, "This is no JSON Schema";
    WebhookLimitReached = "webhook_limit_reached", UNPROCESSABLE_ENTITY, "The account has as many webhooks as it may";
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "Too many requests";
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong on our side";
    Busy = "busy", SERVICE_UNAVAILABLE, "The server is busy";
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "The server cannot do this now";
}

/// Seconds after which a busy server may be asked again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// One thing that does not fit in a body.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct FieldError {
    /// A JSON pointer (RFC 6901) into the body.
    pub(crate) pointer: String,
    pub(crate) detail: String,
}

/// An error on its way out.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) detail: String,
    pub(crate) errors: Vec<FieldError>,
    /// When it makes sense to ask again.
    pub(crate) retry_after: Option<Duration>,
}

pub(crate) type Result<T, E = Problem> = std::result::Result<T, E>;

#[derive(Serialize)]
struct Shape<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        let busy = code.status() == StatusCode::SERVICE_UNAVAILABLE;
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after: busy.then_some(RETRY_AFTER) }
    }

    /// A member of the body that does not fit.
    pub(crate) fn at(code: Code, pointer: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let errors = vec![FieldError { pointer: pointer.to_owned(), detail: detail.clone() }];
        Self { errors, ..Self::new(code, detail) }
    }

    /// The same for a part of the body that begins at `place`.
    pub(crate) fn below(mut self, place: &str) -> Self {
        for error in &mut self.errors {
            error.pointer.insert_str(0, place);
        }
        self
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no such {what}."))
    }

    /// The answer, with the request's id in it.
    pub(crate) fn respond(&self, request_id: &str) -> Response {
        let status = self.code.status();
        let shape = Shape {
            r#type: format!("/docs#{}", self.code.as_str()),
            title: self.code.title(),
            status: status.as_u16(),
            detail: &self.detail,
            code: self.code.as_str(),
            request_id,
            errors: &self.errors,
        };
        let body = serde_json::to_vec(&shape).unwrap_or_default();
        let mut response =
            (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, whole_seconds(wait).into());
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The body is written where the request's id is known (`server`).
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// At least one, for 0 would ask for the next refusal.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0 || wait.is_zero())
}

impl From<TooSoon> for Problem {
    fn from(too_soon: TooSoon) -> Self {
        let (wait, what) = match too_soon {
            TooSoon::Failures(wait) => {
                (wait, "From your address came too many requests whose key is not valid.")
            }
            TooSoon::Requests(wait) => (wait, "This key is used for more requests than it may be."),
        };
        let detail = format!("{what} Nothing was done: send it again after {} s.", whole_seconds(wait));
        Self { retry_after: Some(wait), ..Self::new(Code::RateLimited, detail) }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Busy => Code::Busy,
            StoreError::Stopped(_) | StoreError::LeaseLost => Code::Unavailable,
            StoreError::Unreachable(_) => {
                tracing::warn!(%error, "a request could not be served");
                return Self::new(
                    Code::Unavailable,
                    "The database cannot be reached at the moment, so it is not known whether this was done. \
                     Send it again later; an event with the same id or Idempotency-Key.",
                );
            }
            StoreError::Failed(_) => {
                tracing::error!(%error, "a request failed");
                return Self::new(
                    Code::Internal,
                    "The request failed and changed nothing. The server's log says why.",
                );
            }
        };
        let detail = match code {
            Code::Busy => {
                "More writes are waiting than the disk takes in time. Nothing was kept: send it again."
            }
            _ => "The server takes no writes at the moment. Nothing was kept: send it again later.",
        };
        Self::new(code, detail)
    }
}

/// A value could not be sealed, or what is kept could not be opened.
impl From<UnsealError> for Problem {
    fn from(error: UnsealError) -> Self {
        tracing::error!(%error, "a request failed: this server has another encryption key than the others");
        Self::new(
            Code::Unavailable,
            "The server's encryption key does not open what seals the secrets. Nothing was kept: send it again later.",
        )
    }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::UnknownAccount { account, .. } => {
                Self::at(Code::AccountUnknown, "/account_id", format!("There is no account {account}."))
            }
            PublishError::UnknownWebhook => Self::not_found("webhook"),
            PublishError::Conflict { id, .. } => Self::new(
                Code::EventConflict,
                format!(
                    "The event {id} was published before with the same id or Idempotency-Key and other content. Nothing was published now."
                ),
            ),
            PublishError::Store(error) => error.into(),
        }
    }
}

impl From<CreateAccountError> for Problem {
    fn from(error: CreateAccountError) -> Self {
        match error {
            CreateAccountError::Exists => Self::new(
                Code::AccountExists,
                "There is an account with this id, or there was one: ids are not used again.",
            ),
            CreateAccountError::Store(error) => error.into(),
        }
    }
}

impl From<DeleteKeyError> for Problem {
    fn from(error: DeleteKeyError) -> Self {
        match error {
            DeleteKeyError::NotFound => Self::not_found("key"),
            DeleteKeyError::LastOperator => Self::new(
                Code::LastOperatorKey,
                "No other operator key is valid: without this one nobody could make keys any more. Make another one first.",
            ),
            DeleteKeyError::Store(error) => error.into(),
        }
    }
}

impl From<CreateWebhookError> for Problem {
    fn from(error: CreateWebhookError) -> Self {
        match error {
            CreateWebhookError::UnknownAccount => Self::not_found("account"),
            CreateWebhookError::TooMany { limit } => Self::new(
                Code::WebhookLimitReached,
                format!("The account has {limit} webhooks, as many as it may have. Delete one first."),
            ),
            CreateWebhookError::Store(error) => error.into(),
        }
    }
}

impl From<RetryError> for Problem {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::NotFound => Self::not_found("delivery"),
            RetryError::NotActive => Self::new(
                Code::WebhookNotActive,
                "The webhook is not active, so nothing is sent to it. Set its status to active first: what is held goes out then.",
            ),
            RetryError::Erased => Self::new(
                Code::PayloadErased,
                "The event's payload was erased, or dropped once it was delivered, so there is nothing to send. Publish a new event instead.",
            ),
            RetryError::Store(error) => error.into(),
        }
    }
}

impl From<UrlError> for Problem {
    fn from(error: UrlError) -> Self {
        Self::of_url("/url", &error)
    }
}

impl Problem {
    /// A URL that deliveries or requests for a token may not go to.
    pub(crate) fn of_url(pointer: &str, error: &UrlError) -> Self {
        let code = match error.code() {
            "url_not_https" => Code::UrlNotHttps,
            "url_not_public" => Code::UrlNotPublic,
            "url_denied" => Code::UrlDenied,
            _ => Code::UrlInvalid,
        };
        Self::at(code, pointer, error.to_string())
    }
}

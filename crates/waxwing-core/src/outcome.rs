//! What came of an attempt. A failed delivery is data, not an error of ours.

use std::{fmt, time::Duration};

use crate::target::ForbiddenAddress;

/// The longest wait that a receiver can ask for with `Retry-After`.
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// What came of one HTTP request to a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A 2xx answer within the timeout.
    Succeeded {
        /// The status code, 200 to 299.
        status: u16,
    },
    /// Everything else.
    Failed(AttemptError),
}

/// Why an attempt failed, in words that a webhook's owner can act on
/// (`Display`) and as a word for metrics ([`AttemptError::kind`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptError {
    /// An answer other than 2xx, with the wait that a 429 or 503 asked for.
    Status {
        /// The status code.
        status: u16,
        /// `Retry-After`, at most [`MAX_RETRY_AFTER`].
        retry_after: Option<Duration>,
    },
    /// The host name could not be resolved; the text says why.
    Dns(String),
    /// The address is none that deliveries may reach.
    ForbiddenAddress(ForbiddenAddress),
    /// The URL is none that deliveries may reach (the policy changed since).
    ForbiddenUrl(String),
    /// There was no access token to send; the text says why.
    Authorization(String),
    /// The operator's egress proxy made no connection; the text says why.
    Proxy(String),
    /// Nothing listens at the address and port.
    Refused,
    /// No route to the address; the text says why.
    Unreachable(String),
    /// The TLS handshake failed; the text says why.
    Tls(String),
    /// Time ran out in this phase.
    Timeout {
        /// What was being waited for.
        phase: TimeoutPhase,
        /// The bound that was reached.
        limit: Duration,
    },
    /// The receiver closed the connection before its answer was complete.
    Reset,
    /// There was no valid HTTP answer; the text says why.
    Protocol(String),
    /// The delivery could not be prepared on our side; the text says why.
    Internal(String),
}

/// What an attempt was waiting for when its time ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeoutPhase {
    /// An access token.
    Token,
    /// The host name's addresses.
    Resolve,
    /// The TCP connection.
    Connect,
    /// The TLS handshake.
    Handshake,
    /// The response's status and headers.
    Response,
    /// The response's body.
    Body,
}

impl Outcome {
    /// The status code, when there was an answer.
    pub fn status_code(&self) -> Option<u16> {
        match self {
            Self::Succeeded { status } | Self::Failed(AttemptError::Status { status, .. }) => Some(*status),
            Self::Failed(_) => None,
        }
    }

    /// Why it failed, if it did.
    pub fn error(&self) -> Option<&AttemptError> {
        match self {
            Self::Succeeded { .. } => None,
            Self::Failed(error) => Some(error),
        }
    }

    /// `succeeded` or the error's kind, for metrics.
    pub fn kind(&self) -> &'static str {
        self.error().map_or("succeeded", AttemptError::kind)
    }
}

/// How the words of each kind begin, those that begin alike with the longer one first.
const BEGINNINGS: [(&str, &str); 13] = [
    ("status", "answered "),
    ("dns", "the host name could not be resolved: "),
    ("forbidden_address", "not sent: the host name leads to "),
    ("forbidden_url", "not sent: "),
    ("authorization", "no access token: "),
    ("proxy", "the operator's egress proxy "),
    ("refused", "connection refused: "),
    ("unreachable", "the server could not be reached: "),
    ("tls", "TLS handshake failed: "),
    ("protocol", "no valid HTTP answer: "),
    ("timeout", "no "),
    ("reset", "the server closed the connection "),
    ("internal", "the request could not be made: "),
];

/// The kind of an attempt that is kept as its status code and its error's words. The
/// kind is read off the words, so that attempts of every age have one; words that were
/// erased leave what the status code tells. `None` for a success.
pub fn kept_kind(status: Option<u16>, words: Option<&str>) -> Option<&'static str> {
    let by_words = words.map(|words| {
        let begins = |(_, beginning): &&(&str, &str)| words.starts_with(beginning);
        BEGINNINGS.iter().find(begins).map_or("internal", |(kind, _)| *kind)
    });
    by_words.or_else(|| status.filter(|status| !(200..300).contains(status)).map(|_| "status"))
}

impl AttemptError {
    /// One word of a closed list, for metrics, logs and whoever explains it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Dns(_) => "dns",
            Self::ForbiddenAddress(_) => "forbidden_address",
            Self::ForbiddenUrl(_) => "forbidden_url",
            Self::Authorization(_) => "authorization",
            Self::Proxy(_) => "proxy",
            Self::Refused => "refused",
            Self::Unreachable(_) => "unreachable",
            Self::Tls(_) => "tls",
            Self::Timeout { .. } => "timeout",
            Self::Reset => "reset",
            Self::Protocol(_) => "protocol",
            Self::Internal(_) => "internal",
        }
    }

    /// Whether the receiver says that it is gone for good (RFC 9110, 15.5.11).
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Status { status: 410, .. })
    }
}

impl fmt::Display for AttemptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status { status: 410, .. } => f.write_str("answered 410 Gone: the webhook was disabled"),
            Self::Status { status: status @ 300..=399, .. } => {
                write!(
                    f,
                    "answered {status}: redirects are not followed, set the webhook's URL to the final address"
                )
            }
            Self::Status { status, retry_after: Some(wait) } => {
                write!(f, "answered {status} and asked to wait {} s", wait.as_secs())
            }
            Self::Status { status, retry_after: None } => {
                write!(f, "answered {status} instead of 2xx")
            }
            Self::Dns(reason) => write!(f, "the host name could not be resolved: {reason}"),
            Self::ForbiddenAddress(ForbiddenAddress { address, reason }) => {
                write!(f, "not sent: the host name leads to {address}, which {reason}")
            }
            Self::ForbiddenUrl(reason) => write!(f, "not sent: {reason}"),
            Self::Authorization(reason) => write!(f, "no access token: {reason}"),
            Self::Proxy(reason) => write!(f, "the operator's egress proxy {reason}"),
            Self::Refused => f.write_str("connection refused: nothing listens at this address and port"),
            Self::Unreachable(reason) => write!(f, "the server could not be reached: {reason}"),
            Self::Tls(reason) => write!(f, "TLS handshake failed: {reason}"),
            Self::Timeout { phase, limit } => {
                write!(f, "no {} within {} ms", phase.awaited(), limit.as_millis())
            }
            Self::Reset => f.write_str("the server closed the connection before its answer was complete"),
            Self::Protocol(reason) => write!(f, "no valid HTTP answer: {reason}"),
            Self::Internal(reason) => write!(f, "the request could not be made: {reason}"),
        }
    }
}

impl TimeoutPhase {
    fn awaited(self) -> &'static str {
        match self {
            Self::Token => "access token",
            Self::Resolve => "answer from DNS",
            Self::Connect => "connection",
            Self::Handshake => "TLS handshake",
            Self::Response => "response",
            Self::Body => "complete response body",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each kind; a new kind does not compile until it has a place here.
    fn each() -> Vec<AttemptError> {
        let why = || "no ".to_owned();
        let address = "10.0.0.1".parse().unwrap();
        let forbidden = crate::TargetPolicy::new(Vec::new()).check_address(address).unwrap_err();
        let limit = Duration::from_secs(5);
        let all = vec![
            AttemptError::Status { status: 500, retry_after: None },
            AttemptError::Dns(why()),
            AttemptError::ForbiddenAddress(forbidden),
            AttemptError::ForbiddenUrl(why()),
            AttemptError::Authorization(why()),
            AttemptError::Proxy(why()),
            AttemptError::Refused,
            AttemptError::Unreachable(why()),
            AttemptError::Tls(why()),
            AttemptError::Timeout { phase: TimeoutPhase::Token, limit },
            AttemptError::Reset,
            AttemptError::Protocol(why()),
            AttemptError::Internal(why()),
        ];
        for (at, error) in all.iter().enumerate() {
            let place = match error {
                AttemptError::Status { .. } => 0,
                AttemptError::Dns(_) => 1,
                AttemptError::ForbiddenAddress(_) => 2,
                AttemptError::ForbiddenUrl(_) => 3,
                AttemptError::Authorization(_) => 4,
                AttemptError::Proxy(_) => 5,
                AttemptError::Refused => 6,
                AttemptError::Unreachable(_) => 7,
                AttemptError::Tls(_) => 8,
                AttemptError::Timeout { .. } => 9,
                AttemptError::Reset => 10,
                AttemptError::Protocol(_) => 11,
                AttemptError::Internal(_) => 12,
            };
            assert_eq!(place, at);
        }
        all
    }

    #[test]
    fn every_kind_is_read_back_off_its_words() {
        let mut all = each();
        for status in [301, 410, 429] {
            all.push(AttemptError::Status { status, retry_after: Some(Duration::from_secs(9)) });
        }
        for phase in [
            TimeoutPhase::Resolve,
            TimeoutPhase::Connect,
            TimeoutPhase::Handshake,
            TimeoutPhase::Response,
            TimeoutPhase::Body,
        ] {
            all.push(AttemptError::Timeout { phase, limit: Duration::from_secs(5) });
        }
        for error in all {
            assert_eq!(kept_kind(None, Some(&error.to_string())), Some(error.kind()), "{error}");
        }
    }

    #[test]
    fn without_words_the_status_code_tells() {
        assert_eq!(kept_kind(Some(204), None), None);
        assert_eq!(kept_kind(None, None), None);
        assert_eq!(kept_kind(Some(503), None), Some("status"), "its words were erased");
    }
}

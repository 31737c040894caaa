//! Why a request was refused, in words for the person who finds it in a log, and as a
//! reason for a program.

use std::fmt;

/// The most characters of a text from outside that a message repeats.
const MAX_REPEATED: usize = 200;

/// Why a request was refused: a closed list, the same in the receiver libraries of all
/// languages. Earlier ones are checked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The bytes of the body could not be had: its stream failed before its end.
    BodyNotRaw,
    /// No secret was given, or one that cannot be used.
    InvalidSecret,
    /// A header of the scheme is not there.
    MissingHeader,
    /// A header of the scheme came twice, or was joined by a server in front.
    RepeatedHeader,
    /// A header of the scheme is not what it must be.
    MalformedHeader,
    /// There are signatures, but none that the given secrets can check.
    UnsupportedVersion,
    /// No signature was made with any of the secrets: another secret, or a changed body.
    NoMatchingSignature,
    /// Genuine, but signed longer ago than the tolerance.
    TimestampTooOld,
    /// Genuine, but signed further in the future than the tolerance.
    TimestampTooNew,
    /// Genuine, but the body is no event, or its data is not what the receiver expects.
    NotAnEvent,
    /// The body has more bytes than the layer or extractor reads.
    BodyTooLarge,
}

impl Reason {
    /// All of them, in the order in which they are checked.
    pub const ALL: [Self; 11] = [
        Self::BodyNotRaw,
        Self::InvalidSecret,
        Self::MissingHeader,
        Self::RepeatedHeader,
        Self::MalformedHeader,
        Self::UnsupportedVersion,
        Self::NoMatchingSignature,
        Self::TimestampTooOld,
        Self::TimestampTooNew,
        Self::NotAnEvent,
        Self::BodyTooLarge,
    ];

    /// Its name in answers and logs, such as `missing_header`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BodyNotRaw => "body_not_raw",
            Self::InvalidSecret => "invalid_secret",
            Self::MissingHeader => "missing_header",
            Self::RepeatedHeader => "repeated_header",
            Self::MalformedHeader => "malformed_header",
            Self::UnsupportedVersion => "unsupported_version",
            Self::NoMatchingSignature => "no_matching_signature",
            Self::TimestampTooOld => "timestamp_too_old",
            Self::TimestampTooNew => "timestamp_too_new",
            Self::NotAnEvent => "not_an_event",
            Self::BodyTooLarge => "body_too_large",
        }
    }

    /// The HTTP status to answer with.
    pub const fn status(self) -> u16 {
        match self {
            Self::BodyNotRaw | Self::InvalidSecret => 500,
            Self::NotAnEvent => 400,
            Self::BodyTooLarge => 413,
            _ => 401,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A request that was refused, or a secret that cannot be used.
///
/// It is printed as what happened and what to do, and never repeats a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Error {
    reason: Reason,
    detail: String,
}

impl Error {
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    /// The reason, for a program.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The HTTP status to answer with.
    pub fn status(&self) -> u16 {
        self.reason.status()
    }

    /// The body to answer with, JSON: `{"reason":"…","detail":"…"}`. The sender shows it in
    /// its log, which is where the owner of a webhook finds out.
    pub fn answer(&self) -> String {
        serde_json::json!({ "reason": self.reason.as_str(), "detail": self.detail }).to_string()
    }
}

/// A text from outside, as much of it as a message repeats.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_REPEATED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_json_with_reason_and_detail() {
        let error = Error::new(Reason::NotAnEvent, "no \"data\"");
        assert_eq!(error.answer(), r#"{"detail":"no \"data\"","reason":"not_an_event"}"#);
        assert_eq!(error.to_string(), "no \"data\"");
        assert_eq!(error.status(), 400);
    }

    #[test]
    fn a_long_text_is_repeated_in_part() {
        assert_eq!(shortened("żółw"), "żółw");
        let long = "ż".repeat(MAX_REPEATED + 1);
        assert_eq!(shortened(&long), "ż".repeat(MAX_REPEATED) + "…");
        assert_eq!(shortened(&long[2..]), &long[2..]);
    }
}

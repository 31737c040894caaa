//! Reading the URL of a webhook.
//!
//! The parser follows the WHATWG URL standard, as browsers do: it drops tabs,
//! turns backslashes into slashes and reads `0x7f.1` as an address. What it would
//! mend is refused here beforehand, so that what an account sees is what is
//! called; what it reads as an address is judged as one.

use std::net::IpAddr;

use ::url::{Host, ParseError, Position, Url};

use super::{ForbiddenAddress, Reason, look_alike::is_look_alike};

/// The longest URL in characters, also once it is percent-encoded.
pub const MAX_URL_LEN: usize = 2048;
/// The longest host name and the longest of its labels (RFC 1035, 2.3.4).
const MAX_HOST_LEN: usize = 253;
const MAX_LABEL_LEN: usize = 63;
const HTTPS_PORT: u16 = 443;

/// A URL that deliveries may go to, taken apart once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TargetUrl {
    text: String,
    host: String,
    host_header: String,
    host_and_port: String,
    port: u16,
    path_and_query: String,
    address: Option<IpAddr>,
}

/// Why a URL cannot be a webhook's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// `http://`.
    #[error("the URL must begin with https://, not http://")]
    NotHttps,
    /// Something else than `https://` and a host.
    #[error("the URL must be absolute: https://, a host and a path")]
    NotAbsolute,
    /// More than [`MAX_URL_LEN`].
    #[error("the URL is too long: at most {MAX_URL_LEN} characters once it is percent-encoded")]
    TooLong,
    /// White space, a control character or a backslash.
    #[error("the URL contains {0:?}: percent-encode spaces, control characters and backslashes")]
    ForbiddenCharacter(char),
    /// `user:password@`, even if empty.
    #[error("the URL must not contain a user name or password: requests are signed instead")]
    UserInfo,
    /// `#` and what follows.
    #[error("the URL must not contain a fragment (#): it would never be sent")]
    Fragment,
    /// No host name that DNS could know.
    #[error("the host is not valid: letters, digits, - and _, in labels of 1 to {MAX_LABEL_LEN}")]
    Host,
    /// A host in letters that look like others; its ASCII form.
    #[error("the host is written with letters that look like others; if you mean it, write it as {0}")]
    LookAlike(String),
    /// Port 0.
    #[error("the port must be 1 to 65535")]
    Port,
    /// What the parser does not take; it says why.
    #[error("the URL is not valid: {0}")]
    Malformed(#[from] ParseError),
    /// An address, or a name for one, that deliveries may not reach.
    #[error("the URL leads to {}, which {}", .0.address, .0.reason)]
    Forbidden(#[from] ForbiddenAddress),
    /// A name that a cloud gives its metadata service.
    #[error("the host is the metadata service of a cloud, which is not public")]
    Metadata,
    /// The operator denies the host.
    #[error("the operator allows no deliveries to this host")]
    DeniedHost,
    /// The operator denies the port.
    #[error("the operator allows no deliveries to port {0}")]
    DeniedPort(u16),
    /// Browsers block the port.
    #[error(
        "port {0} is one that browsers block, because it belongs to something else than HTTPS; use another port"
    )]
    BlockedPort(u16),
}

impl UrlError {
    /// The error code of the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotHttps => "url_not_https",
            Self::Forbidden(ForbiddenAddress { reason: Reason::NotPublic(_), .. }) | Self::Metadata => {
                "url_not_public"
            }
            Self::Forbidden(ForbiddenAddress { reason: Reason::Denied, .. })
            | Self::DeniedHost
            | Self::DeniedPort(_)
            | Self::BlockedPort(_) => "url_denied",
            Self::NotAbsolute
            | Self::TooLong
            | Self::ForbiddenCharacter(_)
            | Self::UserInfo
            | Self::Fragment
            | Self::Host
            | Self::LookAlike(_)
            | Self::Port
            | Self::Malformed(_) => "url_invalid",
        }
    }
}

impl TargetUrl {
    /// Reads a URL, without judging its address.
    pub(super) fn parse(text: &str) -> Result<Self, UrlError> {
        check_text(text)?;
        let url = Url::parse(text)?;
        if url.as_str().len() > MAX_URL_LEN {
            return Err(UrlError::TooLong);
        }
        let port = url.port_or_known_default().filter(|port| *port != 0).ok_or(UrlError::Port)?;
        let (host, address) = match url.host().ok_or(UrlError::NotAbsolute)? {
            Host::Domain(name) => (spelled(host_name(name)?, text)?, None),
            Host::Ipv4(address) => (address.to_string(), Some(IpAddr::V4(address))),
            Host::Ipv6(address) => (address.to_string(), Some(IpAddr::V6(address))),
        };
        Ok(Self {
            text: text.to_owned(),
            host_header: host_header(&host, address, port),
            host_and_port: format!("{host}:{port}"),
            host,
            port,
            path_and_query: url[Position::BeforePath..Position::AfterQuery].to_owned(),
            address,
        })
    }

    /// The URL as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host for DNS and TLS: lowercase ASCII, without the final dot of a
    /// name and the brackets of an IPv6 address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// `Host` or `:authority` (RFC 9110, 7.2): with brackets, and with the port
    /// unless it is 443.
    pub fn host_header(&self) -> &str {
        &self.host_header
    }

    /// The host as for DNS, a colon and the port: the same for all URLs whose
    /// requests can share a connection.
    pub fn host_and_port(&self) -> &str {
        &self.host_and_port
    }

    /// The port, never 0.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What to ask for: begins with `/`, percent-encoded.
    pub fn path_and_query(&self) -> &str {
        &self.path_and_query
    }

    /// The host, when it is an address and no name.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Whether the name stands for this machine whatever DNS says (RFC 6761, 6.3).
    pub(super) fn is_this_machine(&self) -> bool {
        self.host == "localhost" || self.host.ends_with(".localhost")
    }
}

/// What can be seen before parsing, and could not any more after it.
fn check_text(text: &str) -> Result<(), UrlError> {
    if text.chars().nth(MAX_URL_LEN).is_some() {
        return Err(UrlError::TooLong);
    }
    let forbidden = |c: &char| c.is_whitespace() || c.is_control() || *c == '\\';
    if let Some(character) = text.chars().find(forbidden) {
        return Err(UrlError::ForbiddenCharacter(character));
    }
    if strip_scheme(text, "http://").is_some() {
        return Err(UrlError::NotHttps);
    }
    let rest = strip_scheme(text, "https://").ok_or(UrlError::NotAbsolute)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Err(UrlError::NotAbsolute);
    }
    if authority.contains('@') {
        return Err(UrlError::UserInfo);
    }
    if text.contains('#') { Err(UrlError::Fragment) } else { Ok(()) }
}

/// Schemes are the same in any case (RFC 3986, 3.1).
fn strip_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// A name without its final dot, when DNS could know it. The parser has made it
/// lowercase ASCII, and lets through characters that no host has.
pub(super) fn host_name(name: &str) -> Result<&str, UrlError> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let label = |label: &str| (1..=MAX_LABEL_LEN).contains(&label.len()) && label.bytes().all(known);
    let valid = name.len() <= MAX_HOST_LEN && name.split('.').all(label);
    if valid { Ok(name) } else { Err(UrlError::Host) }
}

/// A name that looks like what it is in the text that was given.
fn spelled(name: &str, text: &str) -> Result<String, UrlError> {
    if is_look_alike(name, text) { Err(UrlError::LookAlike(name.to_owned())) } else { Ok(name.to_owned()) }
}

fn host_header(host: &str, address: Option<IpAddr>, port: u16) -> String {
    let host = match address {
        Some(IpAddr::V6(address)) => format!("[{address}]"),
        Some(IpAddr::V4(_)) | None => host.to_owned(),
    };
    if port == HTTPS_PORT { host } else { format!("{host}:{port}") }
}

//! The operator's egress proxy: a way out with addresses of its own.
//!
//! The policy stays where it is: names are resolved here, every address is judged,
//! and the proxy is asked for the very address that was, never for a name. TLS is
//! spoken through it with the receiver. Its own address is the operator's choice and
//! is not judged. What it answers is read up to a bound.

pub mod connect;
pub mod socks;

use std::{fmt, io, net::SocketAddr};

use percent_encoding::percent_decode_str;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::Url;
use waxwing_core::AttemptError;
use zeroize::Zeroizing;

/// Bytes of one answer of the proxy at most.
const ANSWER_BYTES: usize = 8 << 10;
/// The longest user name and password (RFC 1929, 2).
const MAX_LOGIN_LEN: usize = 255;
const HTTP_PORT: u16 = 80;
const SOCKS_PORT: u16 = 1080;

/// What an answer says and how long it is; `None` while it is not complete.
pub type Answer<T> = Result<Option<(T, usize)>, AttemptError>;

/// A proxy that connections go through.
#[derive(Clone)]
pub struct Proxy {
    kind: Kind,
    host: String,
    port: u16,
    login: Option<Login>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Connect,
    Socks,
}

/// What the proxy knows the server by.
#[derive(Clone)]
struct Login {
    user: Zeroizing<String>,
    password: Zeroizing<String>,
}

/// A text is no proxy's URL. Says what to write and never what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// It is no URL of a kind of proxy that is known.
    #[error(
        "is no URL of a proxy; write http://host:port or socks5://host:port, with user:password@ if it asks"
    )]
    Url,
    /// There is more than a login, a host and a port.
    #[error("has more than a host and a port; write http://host:port or socks5://host:port")]
    Rest,
    /// A user name or password that cannot be sent.
    #[error(
        "has a user name or password that cannot be sent; both have 1 to {MAX_LOGIN_LEN} bytes, percent-encoded, no control characters, and the name no colon"
    )]
    Login,
}

impl Proxy {
    /// Reads `http://` or `socks5://`, a login if there is one, host and port.
    ///
    /// # Errors
    /// [`ProxyError`] when it is none of these.
    pub fn parse(text: &str) -> Result<Self, ProxyError> {
        let url = Url::parse(text.trim()).map_err(|_| ProxyError::Url)?;
        let (kind, port) = match url.scheme() {
            "http" => (Kind::Connect, HTTP_PORT),
            "socks5" => (Kind::Socks, SOCKS_PORT),
            _ => return Err(ProxyError::Url),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(ProxyError::Url)?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(ProxyError::Rest);
        }
        Ok(Self {
            kind,
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(port),
            login: Login::of(&url)?,
        })
    }

    /// Its name or address.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Asks for a connection to `target`, over one to the proxy.
    pub(super) async fn ask_for(
        &self,
        target: SocketAddr,
        stream: &mut TcpStream,
    ) -> Result<(), AttemptError> {
        match self.kind {
            Kind::Connect => {
                ask(stream, &connect::question(target, self.login.as_ref()), connect::answer).await
            }
            Kind::Socks => socks::ask_for(target, self.login.as_ref(), stream).await,
        }
    }
}

impl Login {
    fn of(url: &Url) -> Result<Option<Self>, ProxyError> {
        let Some(password) = url.password().or_else(|| (!url.username().is_empty()).then_some("")) else {
            return Ok(None);
        };
        let part = |text: &str| {
            let text = percent_decode_str(text).decode_utf8().map_err(|_| ProxyError::Login)?;
            let fits = (1..=MAX_LOGIN_LEN).contains(&text.len()) && !text.contains(char::is_control);
            if fits { Ok(Zeroizing::new(text.into_owned())) } else { Err(ProxyError::Login) }
        };
        let login = Self { user: part(url.username())?, password: part(password)? };
        if login.user.contains(':') { Err(ProxyError::Login) } else { Ok(Some(login)) }
    }
}

impl fmt::Display for Proxy {
    /// Without its login.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            Kind::Connect => "http",
            Kind::Socks => "socks5",
        };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        write!(f, "{scheme}://{host}:{}", self.port)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

/// Writes a question and reads until its answer is complete. Nothing may follow it:
/// the receiver speaks only after the client has.
async fn ask<T>(
    stream: &mut TcpStream,
    question: &[u8],
    answer: impl Fn(&[u8]) -> Answer<T>,
) -> Result<T, AttemptError> {
    stream.write_all(question).await.map_err(|error| broken(&error))?;
    let mut bytes = Vec::new();
    loop {
        let room = ANSWER_BYTES - bytes.len();
        if room == 0 {
            return Err(AttemptError::Proxy(format!(
                "gave an answer of more than {} KiB",
                ANSWER_BYTES >> 10
            )));
        }
        let read = (&mut *stream).take(room as u64).read_buf(&mut bytes).await;
        if read.map_err(|error| broken(&error))? == 0 {
            return Err(AttemptError::Proxy("closed the connection before its answer was complete".into()));
        }
        if let Some((said, length)) = answer(&bytes)? {
            return if length == bytes.len() { Ok(said) } else { Err(nonsense()) };
        }
    }
}

fn broken(error: &io::Error) -> AttemptError {
    AttemptError::Proxy(format!("broke the connection ({})", error.kind()))
}

/// An answer that is none.
fn nonsense() -> AttemptError {
    AttemptError::Proxy("gave an answer that is not one of its protocol".into())
}

/// It wants another login than it was given.
fn login_refused() -> AttemptError {
    AttemptError::Proxy("does not accept the user name and password that it was given".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_proxies_are_read_and_shown_without_their_login() {
        for (text, shown) in [
            ("http://proxy.example:3128", "http://proxy.example:3128"),
            ("http://proxy.example:80/", "http://proxy.example:80"),
            ("http://10.0.0.1", "http://10.0.0.1:80"),
            ("http://me:p%40ss:w@[::1]:3128", "http://[::1]:3128"),
            ("socks5://proxy.example", "socks5://proxy.example:1080"),
            ("socks5://me:hunter2@10.0.0.1:9050\n", "socks5://10.0.0.1:9050"),
            ("socks5://[fd00::1]:1", "socks5://[fd00::1]:1"),
        ] {
            let proxy = Proxy::parse(text).unwrap();
            assert_eq!(proxy.to_string(), shown, "{text}");
            assert_eq!(format!("{proxy:?}"), format!("Proxy({shown})"));
        }
        let login = Proxy::parse("http://me:p%40ss:w@h").unwrap().login.unwrap();
        assert_eq!((login.user.as_str(), login.password.as_str()), ("me", "p@ss:w"));
    }

    #[test]
    fn what_is_no_url_of_a_proxy_is_refused_without_showing_it() {
        let long = format!("socks5://me:{}@h", "p".repeat(256));
        for (text, error) in [
            ("", ProxyError::Url),
            ("proxy.example:3128", ProxyError::Url),
            ("me:hunter2@proxy.example:3128", ProxyError::Url),
            ("https://proxy.example", ProxyError::Url),
            ("socks4://proxy.example", ProxyError::Url),
            ("socks5h://proxy.example", ProxyError::Url),
            ("http://", ProxyError::Url),
            ("socks5://:1080", ProxyError::Url),
            ("http://proxy.example:99999", ProxyError::Url),
            ("http://proxy.example/path", ProxyError::Rest),
            ("http://proxy.example?a", ProxyError::Rest),
            ("http://me@proxy.example", ProxyError::Login),
            ("http://:hunter2@proxy.example", ProxyError::Login),
            ("http://m%3Ae:hunter2@proxy.example", ProxyError::Login),
            ("http://me:a%0D%0Ab@proxy.example", ProxyError::Login),
            ("socks5://me:%ff@proxy.example", ProxyError::Login),
            (&long, ProxyError::Login),
        ] {
            assert_eq!(Proxy::parse(text).err(), Some(error), "{text:?}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}

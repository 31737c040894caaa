//! A small client of the HTTP API: HTTP/1.1 over one kept connection, plain or TLS.
//!
//! One request at a time; a load generator clones it, because every clone opens
//! a connection of its own. A request is repeated on a fresh connection only if
//! the kept one turned out to be closed before anything of it was sent.

use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::Mutex,
};

use crate::secure::Secure;

/// The longest answer that is read, in bytes.
pub const MAX_RESPONSE: usize = 64 << 20;
/// How long one request may take unless [`ApiClient::timeout`] says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

type Connection = http1::SendRequest<Full<Bytes>>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The base URL, key or account cannot be used.
    #[error("{0}")]
    Setup(String),
    /// No connection.
    #[error("cannot reach {address}: {source}; is `waxwing serve` running there?")]
    Connect {
        /// Host and port.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// No TLS on the connection.
    #[error(
        "{address} does not show a certificate that is trusted, or speaks no TLS: {source}; for an authority of your own give its certificate with --ca-file"
    )]
    Tls {
        /// Host and port.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The connection broke, or what came back was not HTTP.
    #[error("no answer from {address}: {source}; look at the server's log")]
    Exchange {
        /// Host and port.
        address: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Too slow.
    #[error("no answer from {address} within {limit:?}; look at its /readyz and /metrics")]
    Timeout {
        /// Host and port.
        address: String,
        /// The bound that was reached.
        limit: Duration,
    },
}

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct ApiResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, at most [`MAX_RESPONSE`] bytes.
    pub body: Bytes,
}

impl ApiResponse {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}

/// A client of one server, with one key. Clones share nothing.
#[derive(Debug)]
pub struct ApiClient {
    address: String,
    prefix: String,
    headers: HeaderMap,
    timeout: Duration,
    secure: Option<Secure>,
    connection: Mutex<Option<Connection>>,
}

impl Clone for ApiClient {
    fn clone(&self) -> Self {
        Self {
            address: self.address.clone(),
            prefix: self.prefix.clone(),
            headers: self.headers.clone(),
            timeout: self.timeout,
            secure: self.secure.clone(),
            connection: Mutex::new(None),
        }
    }
}

impl ApiClient {
    /// A client of the server at `base_url` (`http://127.0.0.1:8080`); an empty
    /// key sends none. Connects with the first request. Over `https://` the public
    /// authorities are trusted.
    ///
    /// # Errors
    /// [`ApiError::Setup`] when the URL is not `http://` or `https://` and a host, or
    /// the key cannot be sent.
    pub fn new(base_url: &str, key: &str) -> Result<Self, ApiError> {
        let invalid =
            |why: &str| ApiError::Setup(format!("{base_url:?} {why}, such as http://127.0.0.1:8080"));
        let uri: Uri = base_url.parse().map_err(|_| invalid("is not a URL"))?;
        let (secure, port, host) = match (uri.scheme_str(), uri.host()) {
            (Some("http"), Some(host)) => (None, 80, host),
            (Some("https"), Some(host)) => {
                (Some(Secure::new(host, None).map_err(ApiError::Setup)?), 443, host)
            }
            _ => {
                let why = "is no http:// or https:// URL: give the address that the server listens on";
                return Err(invalid(why));
            }
        };
        let address = format!("{host}:{}", uri.port_u16().unwrap_or(port));
        let mut headers = HeaderMap::new();
        headers.insert(HOST, value("the host", &address)?);
        if !key.is_empty() {
            let mut bearer = value("the key", &format!("Bearer {key}"))?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        let prefix = uri.path().trim_end_matches('/').to_owned();
        let connection = Mutex::new(None);
        Ok(Self { address, prefix, headers, timeout: DEFAULT_TIMEOUT, secure, connection })
    }

    /// The same, trusting these PEM certificates too. Plain HTTP has no use for them.
    ///
    /// # Errors
    /// [`ApiError::Setup`] when there is none, or one cannot be used.
    pub fn trusting(mut self, pem: &[u8]) -> Result<Self, ApiError> {
        self.secure = self.secure.map(|secure| secure.trusting(pem)).transpose().map_err(ApiError::Setup)?;
        Ok(self)
    }

    /// The same, acting for this account (`Waxwing-Account`).
    ///
    /// # Errors
    /// [`ApiError::Setup`] when the id cannot be sent.
    pub fn account(mut self, id: &str) -> Result<Self, ApiError> {
        self.headers.insert(HeaderName::from_static("waxwing-account"), value("the account", id)?);
        Ok(self)
    }

    /// The same, with another bound for one request.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// `GET`
    ///
    /// # Errors
    /// [`ApiError`] when there is no answer; a status of 400 or more is one.
    pub async fn get(&self, path: &str) -> Result<ApiResponse, ApiError> {
        self.request(Method::GET, path, HeaderMap::new(), Bytes::new()).await
    }

    /// `POST`, with JSON if there is some.
    ///
    /// # Errors
    /// As [`ApiClient::get`].
    pub async fn post(&self, path: &str, body: Option<Value>) -> Result<ApiResponse, ApiError> {
        self.json(Method::POST, path, body).await
    }

    /// `PUT`, with JSON if there is some.
    ///
    /// # Errors
    /// As [`ApiClient::get`].
    pub async fn put(&self, path: &str, body: Option<Value>) -> Result<ApiResponse, ApiError> {
        self.json(Method::PUT, path, body).await
    }

    /// `DELETE`, with JSON if there is some.
    ///
    /// # Errors
    /// As [`ApiClient::get`].
    pub async fn delete(&self, path: &str, body: Option<Value>) -> Result<ApiResponse, ApiError> {
        self.json(Method::DELETE, path, body).await
    }

    /// `POST` of these very bytes with these headers, which replace those that
    /// the client adds. The bytes are not copied.
    ///
    /// # Errors
    /// As [`ApiClient::get`].
    pub async fn post_raw(
        &self,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<ApiResponse, ApiError> {
        self.request(Method::POST, path, headers, body).await
    }

    async fn json(&self, method: Method, path: &str, body: Option<Value>) -> Result<ApiResponse, ApiError> {
        let body = body.map_or_else(Bytes::new, |value| value.to_string().into());
        self.request(method, path, HeaderMap::new(), body).await
    }

    /// Any method, with headers that replace those that the client adds.
    ///
    /// # Errors
    /// As [`ApiClient::get`].
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<ApiResponse, ApiError> {
        let target: Uri = format!("{}{path}", self.prefix).parse().map_err(|_| {
            ApiError::Setup(format!("{path:?} is not a path: percent-encode what is special"))
        })?;
        let json = !body.is_empty();
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = target;
        request.headers_mut().clone_from(&self.headers);
        if json {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in &headers {
            request.headers_mut().insert(name, value.clone());
        }
        match tokio::time::timeout(self.timeout, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(ApiError::Timeout { address: self.address.clone(), limit: self.timeout }),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<ApiResponse, ApiError> {
        let mut slot = self.connection.lock().await;
        // Taken out, so that a request that is given up takes its connection along.
        let (response, connection) = match slot.take() {
            Some(connection) => match send(connection, request).await {
                Ok(done) => done,
                Err((_, Some(unsent))) => self.send_fresh(unsent).await?,
                Err((source, None)) => return Err(self.broken(source)),
            },
            None => self.send_fresh(request).await?,
        };
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_RESPONSE).collect().await.map_err(|source| self.broken(source))?;
        *slot = Some(connection);
        Ok(ApiResponse { status: head.status, headers: head.headers, body: body.to_bytes() })
    }

    async fn send_fresh(&self, request: Request<Full<Bytes>>) -> Result<Exchange, ApiError> {
        let connection = self.connect().await?;
        send(connection, request).await.map_err(|(source, _)| self.broken(source))
    }

    async fn connect(&self) -> Result<Connection, ApiError> {
        let failed = |source| ApiError::Connect { address: self.address.clone(), source };
        let tcp = TcpStream::connect(&self.address).await.map_err(failed)?;
        tcp.set_nodelay(true).map_err(failed)?;
        match &self.secure {
            None => self.speak(tcp).await,
            Some(secure) => {
                let failed = |source| ApiError::Tls { address: self.address.clone(), source };
                self.speak(secure.connect(tcp).await.map_err(failed)?).await
            }
        }
    }

    async fn speak(
        &self,
        io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<Connection, ApiError> {
        let (sender, connection) =
            http1::handshake(TokioIo::new(io)).await.map_err(|source| self.broken(source))?;
        // It ends with the sender; what went wrong is told to the request under way.
        tokio::spawn(connection);
        Ok(sender)
    }

    fn broken(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ApiError {
        ApiError::Exchange { address: self.address.clone(), source: source.into() }
    }
}

type Exchange = (http::Response<hyper::body::Incoming>, Connection);

/// Sends; a request of which nothing was sent comes back with the error.
async fn send(
    mut connection: Connection,
    request: Request<Full<Bytes>>,
) -> Result<Exchange, (hyper::Error, Option<Request<Full<Bytes>>>)> {
    if let Err(error) = connection.ready().await {
        return Err((error, Some(request)));
    }
    match connection.try_send_request(request).await {
        Ok(response) => Ok((response, connection)),
        Err(mut error) => {
            let unsent = error.take_message();
            Err((error.into_error(), unsent))
        }
    }
}

fn value(what: &str, text: &str) -> Result<HeaderValue, ApiError> {
    HeaderValue::from_str(text)
        .map_err(|_| ApiError::Setup(format!("{what} contains characters that cannot be sent in a header")))
}

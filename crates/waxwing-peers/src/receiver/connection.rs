//! One connection of a receiver.
//!
//! hyper borrows the TLS stream rather than owning it: a reply that breaks HTTP
//! ends hyper's part and then does to the stream what it was told to.

use std::{convert::Infallible, pin::pin, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{Counters, Handler, Received, Reply, body::ReplyBody, reply::MAX_REQUEST_BODY, server::Open};

/// What every connection of a receiver needs.
pub(super) struct Peer {
    pub(super) number: u64,
    pub(super) _open: Open,
    pub(super) handler: Arc<dyn Handler>,
    pub(super) counters: Arc<Counters>,
    pub(super) stopped: watch::Receiver<bool>,
}

/// Which connection a request came on.
#[derive(Clone)]
struct Origin {
    number: u64,
    server_name: Option<Arc<str>>,
    client_certificate: Option<Bytes>,
}

/// How a connection ends against the rules.
enum Break {
    Reset,
    Close,
    Garbage(Bytes),
}

pub(super) async fn serve(tcp: TcpStream, acceptor: TlsAcceptor, mut peer: Peer) {
    let _ = tcp.set_nodelay(true); // slower without, not wrong
    let handshake = acceptor.accept(tcp);
    let mut tls = tokio::select! {
        tls = handshake => match tls {
            Ok(tls) => tls,
            Err(_) => return, // the client did not like the certificate, or spoke no TLS
        },
        _ = peer.stopped.changed() => return,
    };
    let Some(end) = serve_http(&mut tls, peer).await else {
        return;
    };
    // The client may be gone already; nothing is left to do then.
    let _ = match end {
        Break::Reset => tls.get_ref().0.set_zero_linger(),
        Break::Close => tls.shutdown().await,
        Break::Garbage(bytes) => match tls.write_all(&bytes).await {
            Ok(()) => tls.shutdown().await,
            Err(error) => Err(error),
        },
    };
}

/// Serves until the client or the receiver ends it, or a reply breaks HTTP.
async fn serve_http(tls: &mut TlsStream<TcpStream>, mut peer: Peer) -> Option<Break> {
    let (breaks, mut broken) = mpsc::channel(1);
    let http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
    let client = tls.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let origin = Origin {
        number: peer.number,
        server_name: tls.get_ref().1.server_name().map(Arc::from),
        client_certificate: client.map(|certificate| Bytes::copy_from_slice(certificate)),
    };
    let service = service_fn(|request| {
        let (handler, counters, breaks) =
            (Arc::clone(&peer.handler), Arc::clone(&peer.counters), breaks.clone());
        let origin = origin.clone();
        async move { Ok::<_, Infallible>(answer(request, origin, handler, &counters, &breaks).await) }
    });
    let io = TokioIo::new(tls);
    macro_rules! run {
        ($connection:expr) => {{
            let mut connection = pin!($connection);
            loop {
                tokio::select! {
                    biased;
                    end = broken.recv() => return end,
                    _ = connection.as_mut() => return None,
                    _ = peer.stopped.changed() => connection.as_mut().graceful_shutdown(),
                }
            }
        }};
    }
    if http2 {
        run!(
            http2::Builder::new(TokioExecutor::new())
                .max_concurrent_streams(256)
                .serve_connection(io, service)
        )
    } else {
        run!(http1::Builder::new().serve_connection(io, service))
    }
}

async fn answer(
    request: Request<Incoming>,
    origin: Origin,
    handler: Arc<dyn Handler>,
    counters: &Counters,
    breaks: &mpsc::Sender<Break>,
) -> Response<ReplyBody> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, MAX_REQUEST_BODY).collect().await {
        Ok(body) => body,
        Err(error) => {
            let too_large = error.is::<LengthLimitError>();
            let status = if too_large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST };
            return response(status, HeaderMap::new(), ReplyBody::Whole(bytes::Bytes::new()));
        }
    };
    counters.count_request();
    let host = head.headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or(head.uri.authority().map(http::uri::Authority::as_str)).unwrap_or_default();
    let received = Received {
        method: head.method,
        path: head.uri.path_and_query().map_or_else(String::new, |path| path.as_str().to_owned()),
        host: host.to_owned(),
        headers: head.headers,
        body: body.to_bytes(),
        version: head.version,
        connection: origin.number,
        server_name: origin.server_name,
        client_certificate: origin.client_certificate,
        received_at: Instant::now(),
    };
    let reply = handler.handle(received).await;
    match act(reply).await {
        Ok(response) => response,
        Err(end) => {
            let _ = breaks.try_send(end); // an earlier one ends the connection as well
            std::future::pending().await
        }
    }
}

/// The response that a reply stands for, or how it breaks the connection.
async fn act(mut reply: Reply) -> Result<Response<ReplyBody>, Break> {
    let ok = |body| Ok(response(StatusCode::OK, HeaderMap::new(), body));
    loop {
        return match reply {
            Reply::Status { status, headers, body } => Ok(response(status, headers, ReplyBody::Whole(body))),
            Reply::Hang => std::future::pending().await,
            Reply::Delay(wait, then) => {
                tokio::time::sleep(wait).await;
                reply = *then;
                continue;
            }
            Reply::Reset => Err(Break::Reset),
            Reply::CloseWithoutAnswer => Err(Break::Close),
            Reply::Garbage(bytes) => Err(Break::Garbage(bytes)),
            Reply::EndlessBody => ok(ReplyBody::Endless),
            Reply::SlowBody(every) => ok(ReplyBody::slow(every)),
            Reply::HugeHeaders => {
                Ok(response(StatusCode::OK, huge_headers(), ReplyBody::Whole(bytes::Bytes::new())))
            }
        };
    }
}

fn response(status: StatusCode, headers: HeaderMap, body: ReplyBody) -> Response<ReplyBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Sixty-four headers of 16 KiB.
fn huge_headers() -> HeaderMap {
    let value = HeaderValue::from_str(&"x".repeat(16 << 10)).unwrap_or(HeaderValue::from_static("x"));
    let name = http::HeaderName::from_static("x-padding");
    std::iter::repeat_n((name, value), 64).collect()
}

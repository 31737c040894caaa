//! The router, and what happens around every request: an id, a count, a log line.

use std::sync::Arc;

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderName, HeaderValue};
use tokio::{net::TcpListener, sync::watch, time::Instant};
use waxwing_store::metrics::RequestLabel;

use crate::{
    Api, dashboard, docs, headers,
    listener::{self, Bounds, OverTls, Peer, Site, Tls},
    openapi, panics,
    problem::{Code, Problem},
    routes,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest request id that is taken over from a caller.
const REQUEST_ID_LEN: usize = 128;
/// The store finishes what it was told, so nobody knows how far this request came.
const PANICKED: &str = "The server met a bug of its own, so it is not known whether this was done. \
    The log has this request's id; please report it.";

/// A request's id.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// Every route; `/metrics` only if it has no address of its own.
pub fn router(api: impl Into<Arc<Api>>, with_metrics: bool) -> Router {
    let api = api.into();
    let metrics = if with_metrics { routes::metrics() } else { Router::new() };
    let dashboard = api.dashboard.as_ref().map_or_else(Router::new, dashboard::routes);
    routes::main()
        .merge(metrics)
        .merge(dashboard)
        .route("/openapi.json", get(openapi::serve))
        .route("/docs", get(docs::page))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(Arc::clone(&api), around))
        .with_state(api)
}

/// `/metrics` and nothing else.
fn metrics_alone(api: Arc<Api>) -> Router {
    routes::metrics()
        .fallback(not_found)
        .layer(middleware::from_fn_with_state(Arc::clone(&api), around))
        .with_state(api)
}

/// Where requests come in.
#[derive(Debug)]
pub struct Listeners {
    /// For everything.
    pub api: TcpListener,
    /// For `/metrics`, which then is answered here alone.
    pub metrics: Option<TcpListener>,
    /// Of each of them.
    pub bounds: Bounds,
    /// On the first; whoever reads metrics is on the inside.
    pub tls: Option<Tls>,
}

/// Answers requests until `stopped` turns true, then finishes those under way.
pub async fn serve(api: Api, listeners: Listeners, stopped: watch::Receiver<bool>) {
    let api = Arc::new(api);
    let Listeners { api: listener, metrics, bounds, tls } = listeners;
    let site = Site::new(router(Arc::clone(&api), metrics.is_none()), tls);
    let main = listener::run(listener, site, bounds, Arc::clone(&api.metrics), stopped.clone());
    let streams = end_streams(&api, stopped.clone());
    let Some(listener) = metrics else {
        tokio::join!(main, streams);
        return;
    };
    let site = Site::new(metrics_alone(Arc::clone(&api)), None);
    let other = listener::run(listener, site, bounds, Arc::clone(&api.metrics), stopped);
    tokio::join!(main, streams, other);
}

/// What never ends by itself is ended, so that its connection can be.
async fn end_streams(api: &Api, mut stopped: watch::Receiver<bool>) {
    // A sender that is gone wants an end, too.
    let _ = stopped.wait_for(|stopped| *stopped).await;
    api.streams.end();
}

async fn not_found() -> Problem {
    Problem::new(Code::NotFound, "There is no such route. GET /docs lists them.")
}

async fn method_not_allowed() -> Problem {
    Problem::new(Code::MethodNotAllowed, "This route has other methods: see the header Allow, or GET /docs.")
}

async fn around(State(api): State<Arc<Api>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&api, &request);
    request.extensions_mut().insert(RequestId(id.to_str().unwrap_or_default().to_owned()));
    if let Some(Peer(peer)) = request.extensions().get() {
        let source = api.access.source(*peer, request.headers());
        request.extensions_mut().insert(source);
    }
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let tls = request.extensions().get::<OverTls>().is_some();
    let mut response = panics::caught(next.run(request)).await.unwrap_or_else(|| {
        tracing::error!(%method, route = route.as_ref().map(MatchedPath::as_str), id = ?id, "a handler panicked");
        Problem::new(Code::Internal, PANICKED).into_response()
    });
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let allow = response.headers_mut().remove(http::header::ALLOW);
        response = problem.respond(id.to_str().unwrap_or_default());
        if let Some(allow) = allow {
            response.headers_mut().insert(http::header::ALLOW, allow);
        }
    }
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let status = response.status().as_u16();
    let label = RequestLabel { route: route.to_owned(), status };
    api.metrics.requests.get_or_create(&label).inc();
    tracing::debug!(%method, route, status, ms = started.elapsed().as_secs_f64() * 1e3, id = ?id, "request");
    headers::add(&mut response, tls);
    response.headers_mut().insert(REQUEST_ID, id);
    response.into_response()
}

/// The caller's id for the request, if it is a sane one, else a fresh one.
fn request_id(api: &Api, request: &Request) -> HeaderValue {
    let sane = |value: &&HeaderValue| {
        (1..=REQUEST_ID_LEN).contains(&value.len())
            && value.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(b))
    };
    request.headers().get(REQUEST_ID).filter(sane).cloned().unwrap_or_else(|| {
        let number = u128::from_be_bytes(api.random());
        HeaderValue::try_from(format!("req_{number:032x}")).unwrap_or(HeaderValue::from_static("req"))
    })
}

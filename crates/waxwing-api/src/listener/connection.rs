//! One connection, from its first byte to its last.

use std::{convert::Infallible, pin::pin, sync::Arc};

use axum::{Router, body::Body};
use http::{Request, Response};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::{Instant, sleep_until},
};
use tower::ServiceExt;

use super::{
    CONNECTION_WINDOW, DRAIN, FIRST_REQUEST, HEADER_BYTES, IDLE, OverTls, PING, Peer, RESETS, STREAMS, Tls,
    WINDOW,
    activity::{Activity, Handling},
    answer::Answer,
};

/// What answers at an address, and how HTTP is spoken there.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    router: Router,
    http: Builder<TokioExecutor>,
    /// Without it anybody on the way reads along.
    pub(super) tls: Option<Tls>,
}

impl Site {
    /// These routes.
    pub(crate) fn new(router: Router, tls: Option<Tls>) -> Self {
        let mut http = Builder::new(TokioExecutor::new());
        // Heads may have 100 lines, as hyper has it; to ask for that costs an allocation each.
        http.http1().timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(HEADER_BYTES as usize);
        http.http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING)
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(HEADER_BYTES)
            .max_pending_accept_reset_streams(RESETS)
            .max_local_error_reset_streams(RESETS)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW);
        Self { router, http, tls }
    }

    /// Answers what comes on this connection, accepted at `accepted`, until the client ends
    /// it, a bound does, or `stopped` turns true and what is under way is answered.
    pub(super) async fn serve(
        &self,
        io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: Peer,
        accepted: Instant,
        mut stopped: watch::Receiver<bool>,
    ) {
        let activity = Arc::new(Activity::default());
        let service =
            service_fn(|request| answer(self.router.clone(), self.marked(request, peer), activity.begin()));
        let mut connection = pin!(self.http.serve_connection(TokioIo::new(io), service));
        let (mut begun, mut told) = (0, false);
        let mut look = pin!(sleep_until(accepted + FIRST_REQUEST));
        let mut end = pin!(stopped.wait_for(|stopped| *stopped));
        let mut ending = false;
        loop {
            tokio::select! {
                // Whatever went wrong, the client knows it, or is gone.
                _ = connection.as_mut() => return,
                () = activity.abused() => {
                    tracing::debug!(address = %peer.0, "closed: the client gives up too many requests");
                    return;
                }
                _ = &mut end, if !ending => {
                    ending = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = &mut look => {
                    let now = Instant::now();
                    if let Some(more) = activity.look(begun) {
                        begun = more;
                        look.as_mut().reset(now + IDLE);
                    } else if told {
                        return;
                    } else {
                        told = true;
                        connection.as_mut().graceful_shutdown();
                        look.as_mut().reset(now + DRAIN);
                    }
                }
            }
        }
    }

    /// The request, with what is known of the connection.
    fn marked(&self, request: Request<Incoming>, peer: Peer) -> Request<Body> {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        if self.tls.is_some() {
            request.extensions_mut().insert(OverTls);
        }
        request
    }
}

async fn answer(
    router: Router,
    request: Request<Body>,
    handling: Handling,
) -> Result<Response<Answer>, Infallible> {
    let answer = router.oneshot(request).await?;
    let untaken = handling.answered();
    Ok(answer.map(|body| Answer::new(body, untaken)))
}

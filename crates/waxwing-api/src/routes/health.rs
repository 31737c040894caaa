//! What needs no key: health and metrics.

use std::sync::Arc;

use axum::{extract::State, response::IntoResponse};
use http::header;

use crate::{
    Api,
    problem::{Code, Problem, Result},
};

/// The process is alive
#[utoipa::path(get, path = "/healthz", tag = "Health", security(()), responses((status = 200)))]
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// The store takes writes and deliveries are made
#[utoipa::path(get, path = "/readyz", tag = "Health", security(()), responses((status = 200)))]
pub(crate) async fn ready(State(api): State<Arc<Api>>) -> Result<&'static str> {
    let broken = |reason: String| Problem::new(Code::Unavailable, format!("Not ready: {reason}."));
    api.store.health().map_err(|error| broken(error.to_string()))?;
    (api.ready)().map_err(broken)?;
    Ok("ready\n")
}

/// Metrics for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "Health", security(()), responses((status = 200)))]
pub(crate) async fn metrics(State(api): State<Arc<Api>>) -> impl IntoResponse {
    api.backlog().await;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], api.metrics.encode())
}

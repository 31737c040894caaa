//! The API of a process: the real router, called in memory.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;
use waxwing_api::{Access, AccessOptions, Api, Limits, router};
use waxwing_delivery::EngineParts;

/// What the API said.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The status, and the code of a problem.
    pub(crate) fn shown(&self) -> String {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let code = body["code"].as_str().map(|code| format!(" {code}"));
        format!("{}{}", self.status.as_u16(), code.unwrap_or_default())
    }
}

type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Answers requests.
#[derive(Clone)]
pub(crate) struct Gateway(Arc<dyn Fn(Request<Full<Bytes>>) -> Answering + Send + Sync>);

impl Gateway {
    pub(crate) fn new(parts: &EngineParts) -> Self {
        let api = Api {
            store: parts.store.clone(),
            node: parts.node,
            clock: parts.clock.clone(),
            entropy: parts.entropy.clone(),
            keyring: parts.keyring.clone(),
            policy: parts.policy.clone(),
            metrics: parts.metrics.clone(),
            limits: Limits::default(),
            rotation_grace: Duration::from_secs(30),
            access: Arc::new(Access::new(AccessOptions::default())),
            streams: Arc::default(),
            dashboard: None,
            ready: Arc::new(|| Ok(())),
        };
        let router = router(api, false);
        Self(Arc::new(move |request| {
            let router = router.clone();
            Box::pin(async move {
                let Ok(response) = router.oneshot(request).await;
                let (parts, body) = response.into_parts();
                let body = body.collect().await.expect("a body in memory").to_bytes();
                Answer { status: parts.status, body }
            })
        }))
    }

    pub(crate) async fn answer(&self, request: Request<Full<Bytes>>) -> Answer {
        (self.0)(request).await
    }
}

//! One file for each resource, and the table of all routes.
//!
//! The router and the OpenAPI document are made from the same table: there is no route that
//! the document does not describe, so that what goes through the document's operations (the
//! tests of who may do what, Schemathesis) goes through all there is.

use std::sync::Arc;

use axum::{Router, routing::MethodRouter};
use utoipa::OpenApi;

use crate::Api;

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod credentials;
pub(crate) mod encryption;
pub(crate) mod erasures;
pub(crate) mod event_types;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod keys;
pub(crate) mod log;
pub(crate) mod me;
pub(crate) mod metrics;
pub(crate) mod operator_keys;
pub(crate) mod overview;
pub(crate) mod portal_tokens;
pub(crate) mod replay;
pub(crate) mod secrets;
pub(crate) mod sent;
pub(crate) mod signing_keys;
pub(crate) mod webhooks;

/// Makes from each `fn group { "path" { method module::handler, … } … }` a router of that
/// name, and from all of them [`Document`] and [`ALL`].
macro_rules! table {
    ($(
        $(#[$doc:meta])*
        fn $group:ident {
            $($path:literal { $($method:ident $module:ident :: $handler:ident),+ $(,)? })+
        }
    )+) => {
        $(
            $(#[$doc])*
            pub(crate) fn $group() -> Router<Arc<Api>> {
                Router::new()$(.route($path, MethodRouter::new()$(.$method($module::$handler))+))+
            }
        )+

        /// What `utoipa` reads off the handlers.
        #[derive(OpenApi)]
        #[openapi(
            info(title = "Waxwing", description = "Self-hosted webhook delivery."),
            paths($($($($module::$handler,)+)+)+)
        )]
        pub(crate) struct Document;

        /// Methods and paths of all routes.
        #[cfg(test)]
        const ALL: &[(&str, &str)] = &[$($($((stringify!($method), $path),)+)+)+];
    };
}

table! {
    /// Everything that the API answers.
    fn main {
        "/api/webhook/create" { post webhooks::create }
        "/api/webhook/list" { get webhooks::list }
        "/api/webhook/{id}" { get webhooks::show, put webhooks::update, delete webhooks::delete }
        "/api/webhook/{id}/rotate-secret" { post secrets::rotate }
        "/api/webhook/{id}/end-grace-period" { post secrets::end_grace_period }
        "/api/webhook/{id}/signing-key" {
            post signing_keys::rotate, get signing_keys::list, delete signing_keys::delete
        }
        "/api/webhook/{id}/signing-key/end-grace-period" { post signing_keys::end_grace_period }
        "/api/webhook/{id}/test" { post events::test }
        "/api/webhook/{id}/events" { get log::list }
        "/api/webhook/{id}/events/stream" { get log::follow }
        "/api/webhook/{id}/events/{event_id}" { get log::show }
        "/api/webhook/{id}/events/{event_id}/retry" { post replay::retry }
        "/api/webhook/{id}/replay" { post replay::replay }
        "/api/webhook/{id}/metrics" { get metrics::show }
        "/api/webhook/{id}/replays" { get replay::list }
        "/api/webhook/{id}/replays/{replay_id}" { get replay::show, delete replay::stop }
        "/api/me" { get me::show }
        "/api/event-types" { get event_types::list }
        "/api/events" { post events::publish }
        "/api/events/batch" { post events::publish_batch }
        "/api/events/{id}" { get events::show }
        "/api/accounts" { post accounts::create, get accounts::list }
        "/api/accounts/{id}" { get accounts::show, delete accounts::delete }
        "/api/accounts/{id}/keys" { post keys::create, get keys::list }
        "/api/accounts/{id}/keys/{key_id}" { delete keys::delete }
        "/api/accounts/{id}/portal-tokens" { post portal_tokens::create, get portal_tokens::list }
        "/api/keys" { post operator_keys::create, get operator_keys::list }
        "/api/keys/{key_id}" { delete operator_keys::delete }
        "/api/overview" { get overview::show }
        "/api/audit" { get audit::list }
        "/api/encryption" { get encryption::show }
        "/api/encryption/rotate" { post encryption::rotate }
        "/api/accounts/{id}/erase" { post erasures::erase_account }
        "/api/events/{id}/erase" { post erasures::erase_event }
        "/api/erasures" { get erasures::list }
        "/api/erasures/{id}" { get erasures::show }
        "/api/event-types/{type}" { put event_types::put, delete event_types::delete }
        "/.well-known/webhooks/{id}/jwks.json" { get signing_keys::jwks }
        "/healthz" { get health::alive }
        "/readyz" { get health::ready }
    }

    /// What may have an address of its own.
    fn metrics {
        "/metrics" { get health::metrics }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_document_describes_every_route_and_no_other() {
        let document = serde_json::to_value(Document::openapi()).unwrap();
        let mut described = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            described
                .extend(methods.as_object().unwrap().keys().map(|method| (method.as_str(), path.as_str())));
        }
        assert_eq!(described, ALL.iter().copied().collect());
    }

    #[test]
    fn beside_the_table_there_are_the_document_itself_its_page_and_the_dashboard_alone() {
        let server = include_str!("../server.rs");
        let beside: Vec<_> =
            server.split(".route(").skip(1).filter_map(|rest| rest.split('"').nth(1)).collect();
        assert_eq!(beside, ["/openapi.json", "/docs"]);
        let dashboard = include_str!("../dashboard/mod.rs");
        let pages = dashboard.split(".route(").skip(1).filter_map(|rest| rest.split('"').nth(1));
        assert!(pages.into_iter().all(|path| path.starts_with("/dashboard")));
        for source in [server, dashboard] {
            assert!(!source.contains("_service(") && !source.contains(".nest("));
        }
    }
}

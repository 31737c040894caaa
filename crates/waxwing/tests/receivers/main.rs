//! The contract run: the built server delivers to every example receiver of
//! `examples/*/contract.json`, over TLS that ends at an edge in front of it.
//!
//! A test for each, so that `cargo test --test receivers express` runs one alone. What the
//! receivers need is installed by `receivers/<language>/setup.sh`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../harness/sqlite.rs"]
mod place;

mod contract;
mod deliveries;
mod forgeries;
mod mistakes;
mod process;
mod rotation;
mod stage;

use tokio::sync::Semaphore;

use contract::Example;
use stage::Stage;

/// Receivers that run at a time: some are heavy.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// What a receiver verifies by, and so how its secret is rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One of our libraries. It is given both secrets.
    Library,
    /// Other code for `webhook-signature`. It is given the new secret alone.
    Standard,
    /// Code of the original documentation for `X-Webhook-Signature`. It is given both secrets.
    Plain,
}

/// Everything that a receiver of this kind must do.
async fn examine(example: Example, kind: Kind) {
    assert_eq!(example.deduplicates, kind == Kind::Library, "{example:?}: its contract says otherwise");
    let _permit = AT_ONCE.acquire().await.unwrap();
    let mut stage = Stage::open(example).await;
    deliveries::events_are_done(&stage).await;
    forgeries::forgeries_are_refused(&stage, kind).await;
    if kind == Kind::Library {
        forgeries::a_wrong_secret_is_told_in_the_log(&stage).await;
    }
    rotation::a_rotation_has_no_gap(&mut stage, |old, new| match kind {
        Kind::Standard => new.to_owned(),
        Kind::Library | Kind::Plain => format!("{old} {new}"),
    })
    .await;
    stage.close().await;
}

/// A test for each receiver, in a module for each language.
macro_rules! receivers {
    ($($language:ident { $($name:ident: $kind:ident),+ $(,)? })+) => {
        $(mod $language {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let example = crate::Example::named(stringify!($language), stringify!($name));
                crate::examine(example, crate::Kind::$kind).await;
            })+
        })+

        /// Language and name of each.
        const TESTED: &[(&str, &str)] = &[$($((stringify!($language), stringify!($name))),+),+];
    };
}

receivers! {
    typescript {
        express: Library,
        fastify: Library,
        hono: Library,
        next: Library,
        workers: Library,
        standardwebhooks: Standard,
        original: Plain,
    }
    python {
        flask: Library,
        fastapi: Library,
        starlette: Library,
        django: Library,
        standardwebhooks: Standard,
        original: Plain,
    }
    php {
        plain: Library,
        laravel: Library,
        psr7: Library,
        plain_php: Plain,
    }
    rust {
        axum: Library,
        tower: Library,
    }
}

#[test]
fn every_receiver_of_the_examples_is_tested() {
    let examples = contract::LANGUAGES.iter().flat_map(|language| Example::all(language));
    let mut named: Vec<_> = examples.map(|example| (example.language.clone(), example.test_name())).collect();
    let mut tested: Vec<_> =
        TESTED.iter().map(|(language, name)| ((*language).to_owned(), (*name).to_owned())).collect();
    named.sort();
    tested.sort();
    assert_eq!(named, tested, "left: examples/*/contract.json, right: the list in this file");
}

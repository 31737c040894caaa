//! One stream, from its opening to its end.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};
use http_body_util::channel::{Channel, Sender};
use tokio::{
    sync::broadcast::error::RecvError,
    time::{MissedTickBehavior, interval},
};

use super::{
    NoRoom, Place, Room, frames,
    watch::{self, Change, Start, Watch},
};
use crate::{
    Api,
    problem::{Code, Problem, Result},
};

/// How often a reader hears that the stream is alive, and the key is looked at.
const ALIVE: Duration = Duration::from_secs(5);
/// Pieces that wait for a reader; it is the connection that ends one that takes none.
const PIECES: usize = 16;

/// What is asked for.
pub(crate) struct Asked {
    pub(crate) place: Place,
    /// The hash of the key that asks.
    pub(crate) key: [u8; 32],
    /// `Last-Event-ID`.
    pub(crate) last: Option<String>,
}

/// Opens a stream. What changes after its head was sent is not missed.
pub(crate) async fn open(api: Arc<Api>, asked: Asked) -> Result<Response> {
    let room = api.streams.room(&asked.place.account).map_err(refuse)?;
    let watch = watch::watch(&api, &asked.place).await?.ok_or_else(|| Problem::not_found("webhook"))?;
    let (sender, body) = Channel::<Bytes, std::io::Error>::new(PIECES);
    tokio::spawn(async move {
        let mut ended = api.streams.ended.subscribe();
        tokio::select! {
            // A reader that went away needs nothing more.
            _ = run(&api, &watch, &asked, sender) => {}
            _ = ended.wait_for(|ended| *ended) => {}
        }
        drop::<Room>(room);
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        // nginx would keep it back.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, Body::new(body)).into_response())
}

fn refuse(no_room: NoRoom) -> Problem {
    match no_room {
        NoRoom::OfAccount => Problem {
            retry_after: Some(ALIVE),
            ..Problem::new(
                Code::RateLimited,
                "This account has as many streams open as it may. Close one, or ask for the list now and then.",
            )
        },
        NoRoom::OfServer => Problem::new(
            Code::Busy,
            "As many streams are open as this server takes. Ask for the list now and then.",
        ),
    }
}

/// The reader is gone.
struct Gone;

async fn run(
    api: &Api,
    watch: &Watch,
    asked: &Asked,
    mut out: Sender<Bytes, std::io::Error>,
) -> Result<(), Gone> {
    let last = asked.last.as_deref().map(|last| frames::read_position(last).unwrap_or_default());
    let (start, mut changes) = match last {
        Some((name, number)) if name == watch.name => watch.follow(Some(number)),
        Some(_) => (Start::Anew, watch.follow(None).1),
        None => watch.follow(None),
    };
    send(&mut out, frames::BEGIN).await?;
    match start {
        Start::After(missed) => {
            for change in missed {
                send_entry(&mut out, watch, change).await?;
            }
        }
        Start::Anew => send(&mut out, frames::reset(watch.name, watch.last())).await?,
    }
    let mut alive = interval(ALIVE);
    alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            change = changes.recv() => match change {
                Ok(change) => send_entry(&mut out, watch, change).await?,
                Err(RecvError::Lagged(_)) => send(&mut out, frames::reset(watch.name, watch.last())).await?,
                Err(RecvError::Closed) => return Ok(()),
            },
            _ = alive.tick() => {
                if !is_valid(api, &asked.key) {
                    return Ok(());
                }
                send(&mut out, frames::ALIVE).await?;
            }
        }
    }
}

async fn send_entry(
    out: &mut Sender<Bytes, std::io::Error>,
    watch: &Watch,
    change: Change,
) -> Result<(), Gone> {
    send(out, frames::entry(watch.name, change)).await
}

async fn send(out: &mut Sender<Bytes, std::io::Error>, piece: Bytes) -> Result<(), Gone> {
    out.send_data(piece).await.map_err(|_| Gone)
}

/// Whether the key may still read.
fn is_valid(api: &Api, key: &[u8; 32]) -> bool {
    let principal = api.store.directory().principal(key);
    principal.is_some_and(|principal| principal.expires_at.is_none_or(|end| api.now() < end))
}

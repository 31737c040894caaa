//! Several nodes on one database, publishers that talk to whichever answers, and the
//! book of both.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use serde_json::json;
use tokio::task::JoinSet;
use waxwing_peers::{ApiClient, Receiver, ReceiverOptions};

use crate::{
    book::Book,
    harness::{Hook, KEY, Server, World},
};

/// Publishes until it is dropped or told to end.
pub(crate) struct Load {
    urls: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    tasks: JoinSet<()>,
}

impl Load {
    /// So many publishers for the webhooks' accounts, each one event at a time.
    pub(crate) fn start(publishers: usize, hooks: &[Hook], book: &Arc<Book>, name: &str) -> Self {
        let (urls, stop) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicBool>::default());
        let mut tasks = JoinSet::new();
        for publisher in 0..publishers {
            let (urls, stop, book) = (Arc::clone(&urls), Arc::clone(&stop), Arc::clone(book));
            let account = hooks[publisher % hooks.len()].account.clone();
            let name = format!("{name}-{publisher}");
            tasks.spawn(async move {
                let mut client: Option<ApiClient> = None;
                let mut turn = publisher;
                for n in 0.. {
                    let id = format!("{name}-{n}");
                    let event =
                        json!({ "account_id": account, "type": "load.test", "id": id, "data": { "n": n } });
                    // An event is sent until somebody says that it is kept.
                    while !stop.load(SeqCst) {
                        let Some(to) = client.clone().or_else(|| next(&urls, &mut turn)) else {
                            tokio::task::yield_now().await;
                            continue;
                        };
                        match to.post("/api/events", Some(event.clone())).await {
                            Ok(answer) if matches!(answer.status.as_u16(), 200 | 202) => {
                                book.acknowledge(id);
                                client = Some(to);
                                break;
                            }
                            Ok(answer) if matches!(answer.status.as_u16(), 429 | 503) => client = None,
                            Ok(answer) => panic!("{answer:?}"),
                            Err(_) => client = None,
                        }
                    }
                    if stop.load(SeqCst) {
                        return;
                    }
                }
            });
        }
        Self { urls, stop, tasks }
    }

    /// Whom to publish to.
    pub(crate) fn to<'a>(&self, servers: impl IntoIterator<Item = &'a Server>) {
        *self.urls.lock().unwrap() = servers.into_iter().map(Server::url).collect();
    }

    pub(crate) async fn end(mut self) {
        self.stop.store(true, SeqCst);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
    }
}

fn next(urls: &Mutex<Vec<String>>, turn: &mut usize) -> Option<ApiClient> {
    let urls = urls.lock().unwrap();
    *turn += 1;
    let url = urls.get(*turn % urls.len().max(1))?;
    Some(ApiClient::new(url, KEY).unwrap().timeout(Duration::from_secs(15)))
}

/// A receiver that keeps the book.
pub(crate) async fn receiver(world: &World, book: &Arc<Book>) -> Receiver {
    let cert = world.ca.issue(&["127.0.0.1"]).unwrap();
    let book = Arc::clone(book);
    Receiver::start(ReceiverOptions::local(cert, move |received| book.receive(&received))).await.unwrap()
}

/// Webhooks of accounts of their own.
pub(crate) async fn webhooks(server: &Server, receiver: &Receiver, count: usize) -> Vec<Hook> {
    let mut hooks = Vec::new();
    for n in 0..count {
        hooks.push(server.webhook(&format!("account-{n}"), &receiver.url("/"), &["*"]).await);
    }
    hooks
}

/// Waits until something holds; otherwise shows what the server said.
pub(crate) async fn until(what: &str, server: &Server, mut holds: impl AsyncFnMut() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let met = tokio::time::timeout(crate::harness::DEADLINE, async {
        while !holds().await {
            tick.tick().await;
        }
    });
    assert!(met.await.is_ok(), "not within the deadline: {what}\n{}", server.log());
}
/// Waits for an answer with this status at `/readyz`.
pub(crate) async fn ready(server: &Server, status: u16) {
    until(&format!("/readyz answers {status}"), server, async || {
        server.api.get("/readyz").await.is_ok_and(|answer| answer.status == status)
    })
    .await;
}

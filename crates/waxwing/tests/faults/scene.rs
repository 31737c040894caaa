//! A server under load: publishers that talk to it, receivers, and the book of both.

use std::sync::Arc;

use waxwing_peers::Receiver;

use crate::{
    book::Book,
    harness::{DEADLINE, Hook, Server, World},
    nodes::{self, Load},
    shim::Faults,
};

const PUBLISHERS: usize = 8;
const WEBHOOKS: usize = 3;
/// Many attempts, so that none is given up while a test lasts.
pub(crate) const SETTINGS: [(&str, &str); 2] =
    [("RETRY_SCHEDULE", "20ms,50ms,100ms,200ms,500ms,1s,1s,1s,1s"), ("LOG", "warn,waxwing=info")];

/// What stays when a server ends and the next one starts.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) faults: Faults,
    pub(crate) book: Arc<Book>,
    pub(crate) hooks: Vec<Hook>,
    receiver: Receiver,
    loads: usize,
}

impl Scene {
    /// With a server that has webhooks, one request in seven of which fails.
    pub(crate) async fn begin() -> (Self, Server) {
        let world = World::new();
        let faults = Faults::new(&world);
        let book = Arc::new(Book::failing(7));
        let receiver = nodes::receiver(&world, &book).await;
        let server = faults.serve(&world, &SETTINGS).await;
        let hooks = nodes::webhooks(&server, &receiver, WEBHOOKS).await;
        (Self { world, faults, book, hooks, receiver, loads: 0 }, server)
    }

    /// Publishers for this server, once they have had so many more events acknowledged.
    pub(crate) async fn load(&mut self, server: &Server, events: usize) -> Load {
        self.loads += 1;
        let load = Load::start(PUBLISHERS, &self.hooks, &self.book, &format!("load-{}", self.loads));
        load.to([server]);
        self.acknowledged(events).await;
        load
    }

    /// Waits until so many more events are acknowledged.
    pub(crate) async fn acknowledged(&self, more: usize) {
        let wanted = self.book.acknowledged() + more;
        self.book.until("publishing", DEADLINE, |book| book.acknowledged() >= wanted).await;
    }

    /// A server without faults delivers everything that was ever acknowledged, and says so.
    pub(crate) async fn everything_arrives(self) {
        let server = self.world.serve(&SETTINGS).await;
        self.settled(&server).await;
        server.stop().await;
        drop(self.receiver);
    }

    /// Waits until everything that was acknowledged has arrived, and nothing waits.
    pub(crate) async fn settled(&self, server: &Server) {
        self.book.until("delivering", DEADLINE, |book| book.missing().is_empty()).await;
        for hook in &self.hooks {
            for state in ["pending", "retrying", "failed"] {
                nodes::until(&format!("nothing is {state}"), server, async || {
                    server.log_of(hook, &format!("status={state}&limit=1")).await.is_empty()
                })
                .await;
            }
        }
    }
}

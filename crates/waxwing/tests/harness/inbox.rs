//! A receiver that follows a script and hands over what arrives.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use waxwing_peers::{Received, Receiver, ReceiverOptions, Reply};

use super::{World, within};

pub(crate) struct Inbox {
    pub(crate) receiver: Receiver,
    arrivals: UnboundedReceiver<Received>,
}

impl Inbox {
    /// Answers with each reply once, and with the last one from then on.
    pub(crate) async fn scripted(world: &World, replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::at(world, SocketAddr::from(([127, 0, 0, 1], 0)), replies).await
    }

    pub(crate) async fn at(
        world: &World,
        bind: SocketAddr,
        replies: impl IntoIterator<Item = Reply>,
    ) -> Self {
        let script: Mutex<VecDeque<Reply>> = Mutex::new(replies.into_iter().collect());
        let (arrived, arrivals) = unbounded_channel();
        let handler = move |received: Received| {
            let _ = arrived.send(received);
            let mut script = script.lock().unwrap();
            if script.len() > 1 { script.pop_front().unwrap() } else { script.front().cloned().unwrap() }
        };
        let cert = world.ca.issue(&["127.0.0.1", "localhost"]).unwrap();
        let mut options = ReceiverOptions::local(cert, |_: Received| Reply::status(500));
        options.bind = bind;
        options.handler = Arc::new(handler);
        Self { receiver: Receiver::start(options).await.unwrap(), arrivals }
    }

    /// Answers 200 to everything.
    pub(crate) async fn healthy(world: &World) -> Self {
        Self::scripted(world, [Reply::status(200)]).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.receiver.url(path)
    }

    /// The next request.
    pub(crate) async fn next(&mut self) -> Received {
        within(self.arrivals.recv()).await.expect("the receiver has stopped")
    }

    /// The next `count` requests.
    pub(crate) async fn take(&mut self, count: usize) -> Vec<Received> {
        let mut taken = Vec::with_capacity(count);
        for _ in 0..count {
            taken.push(self.next().await);
        }
        taken
    }

    /// How many requests wait to be looked at.
    pub(crate) fn waiting(&mut self) -> usize {
        self.arrivals.len()
    }
}

/// A header's value.
pub(crate) fn header<'a>(received: &'a Received, name: &str) -> &'a str {
    received.headers.get(name).unwrap_or_else(|| panic!("no header {name}")).to_str().unwrap()
}

//! Names to addresses, by the system's resolver unless a test brings its own.
//!
//! A look-up blocks a thread and cannot be cancelled, so each name is looked up
//! once at a time however many wait for it, few names at a time, and answers are
//! kept for a short while.

use std::{collections::HashMap, io, net::IpAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};

/// Look-ups at once: a name that hangs holds one of them.
const LOOKUPS: usize = 128;
/// How long an answer is used.
const KEEP: Duration = Duration::from_secs(30);
/// How long a failure is.
const KEEP_FAILURE: Duration = Duration::from_secs(5);
/// Names that are remembered; past it the old ones are dropped.
const NAMES: usize = 10_000;

type Answer = Result<Arc<[IpAddr]>, String>;

#[derive(Clone)]
enum Name {
    Asking(watch::Receiver<Option<Answer>>),
    Known(Answer, Instant),
}

/// Finds the addresses of a name.
#[async_trait]
pub trait Lookup: Send + Sync + 'static {
    /// The addresses of `host`.
    ///
    /// # Errors
    /// As the system's resolver words them.
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// What the operating system is set up to do.
pub(super) struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// Looks names up, each once at a time.
#[derive(Clone)]
pub(super) struct Resolver {
    names: Arc<Mutex<HashMap<String, Name>>>,
    turns: Arc<Semaphore>,
    lookup: Arc<dyn Lookup>,
}

impl Resolver {
    pub(super) fn new(lookup: Arc<dyn Lookup>) -> Self {
        Self { names: Arc::default(), turns: Arc::new(Semaphore::new(LOOKUPS)), lookup }
    }

    /// The addresses of `host`; at least one.
    pub(super) async fn resolve(&self, host: &str) -> Answer {
        let mut asking = match self.known(host) {
            Name::Known(answer, _) => return answer,
            Name::Asking(asking) => asking,
        };
        match asking.wait_for(Option::is_some).await {
            Ok(answer) => answer.clone().unwrap_or_else(|| Err("no answer".into())),
            Err(_) => Err("the look-up was cut off".into()),
        }
    }

    fn known(&self, host: &str) -> Name {
        let mut names = self.names.lock();
        match names.get(host) {
            Some(Name::Known(answer, at)) if at.elapsed() < age(answer) => {
                return Name::Known(answer.clone(), *at);
            }
            Some(Name::Asking(asking)) => return Name::Asking(asking.clone()),
            Some(Name::Known(..)) | None => {}
        }
        if names.len() >= NAMES {
            names.retain(|_, name| match name {
                Name::Known(answer, at) => at.elapsed() < age(answer),
                Name::Asking(_) => true,
            });
        }
        let (tell, asking) = watch::channel(None);
        names.insert(host.to_owned(), Name::Asking(asking.clone()));
        drop(names);
        // A task of its own: whoever asked first may give up before the answer.
        tokio::spawn(self.clone().ask(host.to_owned(), tell));
        Name::Asking(asking)
    }

    async fn ask(self, host: String, tell: watch::Sender<Option<Answer>>) {
        let _turn = self.turns.acquire().await;
        let answer = match self.lookup.lookup(&host).await {
            Ok(mut addresses) => {
                addresses.dedup();
                if addresses.is_empty() { Err("it has no address".into()) } else { Ok(addresses.into()) }
            }
            Err(error) => Err(words(&error)),
        };
        self.names.lock().insert(host, Name::Known(answer.clone(), Instant::now()));
        tell.send_replace(Some(answer));
    }
}

fn age(answer: &Answer) -> Duration {
    if answer.is_ok() { KEEP } else { KEEP_FAILURE }
}

/// What the C libraries of Linux (glibc, musl) and macOS say of a name that does
/// not exist or has no address.
const NO_SUCH_NAME: [&str; 5] = [
    "Name or service not known",
    "No address associated",
    "Name does not resolve",
    "Name has no usable address",
    "nodename nor servname provided",
];
/// What they say when no name server gave an answer.
const NO_ANSWER: [&str; 2] = ["Temporary failure", "Try again"];

fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
    if says(&NO_SUCH_NAME) {
        "there is no such name; check the URL for a typing error and the DNS zone for the entry".into()
    } else if says(&NO_ANSWER) {
        "the name servers did not answer; check those of its zone".into()
    } else {
        text
    }
}

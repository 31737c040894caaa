//! Ids of events in Redis, which the processes of a receiver share: `SET key 1 NX EX ttl`.
//!
//! It speaks the protocol itself, which is short. The usual client is the crate `redis`; it is
//! not used here because a package below it is under a licence (BSL-1.0 alone, of xxhash-rust)
//! that this repository does not take on. What matters is the command, which is the same.
//!
//! A process that ends between the id and the work, and an answer of Redis that is lost, leave an
//! id without its work. Where each event must count, see [`sql`](crate::sql).

use std::{io, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};
use waxwing_receiver::{DEFAULT_TTL, Seen};

/// How long Redis has for a command; the sender of a webhook waits for five seconds in all.
const PATIENCE: Duration = Duration::from_secs(1);
/// The longest line of an answer that is read.
const MAX_LINE: u64 = 1024;

/// Remembers ids in Redis.
#[derive(Debug, Clone)]
pub struct RedisSeen {
    address: String,
    ttl: Duration,
}

impl RedisSeen {
    /// Keeps ids at `address` (`host:port`) for as long as retries come.
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into(), ttl: DEFAULT_TTL }
    }

    /// The answer to a command, one line, within [`PATIENCE`].
    async fn command(&self, words: &[&str]) -> io::Result<String> {
        let answer = timeout(PATIENCE, exchange(&self.address, words)).await;
        answer
            .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "redis did not answer in time")))
    }
}

/// A connection for each command leaves nothing to clean up when this is dropped half-way. A
/// client with a pool is faster.
async fn exchange(address: &str, words: &[&str]) -> io::Result<String> {
    let mut connection = BufReader::new(TcpStream::connect(address).await?);
    // Lengths stand in front, so that an id may have any characters.
    let lines: Vec<String> = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
    let command = format!("*{}\r\n{}", words.len(), lines.concat());
    connection.write_all(command.as_bytes()).await?;
    let mut line = String::new();
    connection.take(MAX_LINE).read_line(&mut line).await?;
    line.strip_suffix("\r\n").map(str::to_owned).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

fn key(id: &str) -> String {
    format!("webhook:{id}")
}

fn unexpected(answer: &str) -> io::Error {
    io::Error::other(format!("redis answered {answer}"))
}

impl Seen for RedisSeen {
    type Error = io::Error;

    async fn seen(&self, id: &str) -> io::Result<bool> {
        let ttl = self.ttl.as_secs().to_string();
        match self.command(&["SET", &key(id), "1", "NX", "EX", &ttl]).await?.as_str() {
            "+OK" => Ok(false),
            "$-1" => Ok(true),
            other => Err(unexpected(other)),
        }
    }

    async fn forget(&self, id: &str) -> io::Result<()> {
        match self.command(&["DEL", &key(id)]).await?.as_str() {
            ":0" | ":1" => Ok(()),
            other => Err(unexpected(other)),
        }
    }
}

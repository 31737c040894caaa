//! Ids of events in a real Redis, which each test starts for itself.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use waxwing_examples::redis::RedisSeen;
use waxwing_receiver::{Once, OnceError, Seen, once};

/// How often a port is chosen anew, because another program took it in between.
const PORTS: usize = 5;

struct Redis {
    server: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Redis {
    fn start() -> Self {
        (0..PORTS).find_map(|_| Self::try_start()).expect("redis-server found no free port")
    }

    /// None when it ended before it was ready.
    fn try_start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let port = address.port().to_string();
        let mut server = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--dir"])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("redis-server: {error}; scripts/setup.sh installs it"));
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines().map_while(Result::ok);
        let ready = lines.any(|line| line.contains("Ready to accept connections"));
        let redis = Self { server, address: address.to_string(), _folder: folder };
        ready.then_some(redis)
    }

    fn seen(&self) -> RedisSeen {
        RedisSeen::new(&self.address)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

#[tokio::test]
async fn an_id_is_new_once_for_all_processes() {
    let redis = Redis::start();
    assert!(!redis.seen().seen("evt_1").await.unwrap());
    assert!(redis.seen().seen("evt_1").await.unwrap());
    assert!(!redis.seen().seen("evt_1\r\nDEL").await.unwrap(), "lengths count, not lines");
    assert!(!redis.seen().seen("żółw").await.unwrap());
    redis.seen().forget("evt_1").await.unwrap();
    redis.seen().forget("never seen").await.unwrap();
    assert!(!redis.seen().seen("evt_1").await.unwrap());
}

#[tokio::test]
async fn an_id_is_kept_for_two_days() {
    let redis = Redis::start();
    assert!(!redis.seen().seen("evt_1").await.unwrap());
    let mut connection = TcpStream::connect(&redis.address).await.unwrap();
    connection.write_all(b"TTL webhook:evt_1\r\nQUIT\r\n").await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    let seconds: u32 = answer.split("\r\n").next().unwrap().strip_prefix(':').unwrap().parse().unwrap();
    assert!((172_000..=172_800).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn of_many_at_once_one_is_the_first() {
    let redis = Redis::start();
    let asked =
        (0..16).map(|_| redis.seen()).map(|seen| tokio::spawn(async move { seen.seen("evt_1").await }));
    let mut first = 0;
    for answer in asked.collect::<Vec<_>>() {
        first += usize::from(!answer.await.unwrap().unwrap());
    }
    assert_eq!(first, 1);
}

#[tokio::test]
async fn work_that_failed_is_done_by_the_retry() {
    let redis = Redis::start();
    let seen = redis.seen();
    let failed = once(&seen, "evt_1", async { Err::<(), _>("no room") }).await;
    assert!(matches!(failed, Err(OnceError::Work("no room"))));
    assert_eq!(once(&seen, "evt_1", async { Ok::<_, &str>(1) }).await.unwrap(), Once::Done(1));
    assert_eq!(once(&seen, "evt_1", async { Ok::<_, &str>(2) }).await.unwrap(), Once::Duplicate);
}

#[tokio::test]
async fn an_answer_that_is_none_is_an_error() {
    let redis = Redis::start();
    let gone = redis.seen();
    drop(redis);
    assert!(gone.seen("evt_1").await.is_err());
    assert!(gone.forget("evt_1").await.is_err());
    let closing = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let seen = RedisSeen::new(closing.local_addr().unwrap().to_string());
    let close = async { drop(closing.accept().await.unwrap()) };
    let (asked, ()) = tokio::join!(seen.seen("evt_1"), close);
    assert!(asked.is_err());
}

//! A reader of a webhook's log as it changes.

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
};

use super::{Hook, KEY, Server, within};

/// One end of a stream.
pub(crate) struct Follower(Lines<BufReader<TcpStream>>);

impl Follower {
    /// Follows a webhook's log; what changes from now on is seen.
    pub(crate) async fn new(server: &Server, hook: &Hook) -> Self {
        let Hook { id, account, .. } = hook;
        let mut connection = TcpStream::connect(server.addr).await.unwrap();
        let head = format!(
            "GET /api/webhook/{id}/events/stream HTTP/1.1\r\nHost: waxwing\r\nAuthorization: Bearer {KEY}\r\n\
             Waxwing-Account: {account}\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut lines = BufReader::new(connection).lines();
        let status = within(lines.next_line()).await.unwrap().unwrap();
        assert!(status.starts_with("HTTP/1.1 200"), "{status}");
        Self(lines)
    }

    /// The next entry; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        while let Some(line) = within(self.0.next_line()).await.unwrap() {
            if let Some(data) = line.strip_prefix("data: ") {
                return Some(serde_json::from_str(data).unwrap());
            }
        }
        None
    }

    /// Reads until an entry fits.
    pub(crate) async fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let entry = self.next().await.expect("the stream goes on");
            if fits(&entry) {
                return entry;
            }
        }
    }
}

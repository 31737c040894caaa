//! One HTTP/1.1 connection of the load generator.
//!
//! Written by hand, because what the generator burns is missing from the server
//! on the same machine. It knows just enough HTTP for the answers of our API.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The longest answer that is read.
const MAX_ANSWER: usize = 4 << 20;
/// The longest that a refused publish waits before it tries again.
const MAX_WAIT: Duration = Duration::from_secs(2);
/// How often an overloaded server is asked again.
const MAX_TRIES: usize = 100;

/// A connection that is kept open.
pub(crate) struct Wire {
    stream: TcpStream,
    head: String,
    out: Vec<u8>,
    input: Vec<u8>,
    /// Answers 429 and 503 so far.
    pub(crate) refused: u64,
}

/// An answer, apart from its body.
struct Head {
    status: u16,
    length: usize,
    retry_after: Option<Duration>,
    /// Where the body begins.
    body: usize,
}

impl Wire {
    /// Connects.
    pub(crate) async fn open(server: SocketAddr, key: &str) -> anyhow::Result<Self> {
        let stream =
            TcpStream::connect(server).await.with_context(|| format!("cannot connect to {server}"))?;
        stream.set_nodelay(true)?;
        let head = format!(
            "Host: {server}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: "
        );
        Ok(Self { stream, head, out: Vec::with_capacity(4096), input: Vec::with_capacity(4096), refused: 0 })
    }

    /// Posts until the server takes it; waits as the server asks when it is
    /// overloaded.
    pub(crate) async fn post(&mut self, path: &str, body: &[u8]) -> anyhow::Result<()> {
        for _ in 0..MAX_TRIES {
            let head = self.exchange(path, body).await?;
            match head.status {
                200..=299 => return Ok(()),
                429 | 503 => {
                    self.refused += 1;
                    tokio::time::sleep(head.retry_after.unwrap_or(MAX_WAIT / 20).min(MAX_WAIT)).await;
                }
                status => {
                    let text = String::from_utf8_lossy(&self.input[head.body..]);
                    bail!("the server answered {path} with {status}: {text}");
                }
            }
        }
        bail!("the server was overloaded {MAX_TRIES} times in a row");
    }

    async fn exchange(&mut self, path: &str, body: &[u8]) -> anyhow::Result<Head> {
        self.out.clear();
        self.out.extend_from_slice(b"POST ");
        self.out.extend_from_slice(path.as_bytes());
        self.out.extend_from_slice(b" HTTP/1.1\r\n");
        self.out.extend_from_slice(self.head.as_bytes());
        self.out.extend_from_slice(body.len().to_string().as_bytes());
        self.out.extend_from_slice(b"\r\n\r\n");
        self.out.extend_from_slice(body);
        self.stream
            .write_all(&self.out)
            .await
            .context("the server closed a connection of the load generator")?;
        self.input.clear();
        let head = loop {
            self.read_more().await?;
            if let Some(head) = read_head(&self.input)? {
                break head;
            }
        };
        while self.input.len() < head.body + head.length {
            self.read_more().await?;
        }
        Ok(head)
    }

    async fn read_more(&mut self) -> anyhow::Result<()> {
        let read = self.stream.read_buf(&mut self.input).await.context("the server broke a connection")?;
        if read == 0 {
            bail!("the server closed a connection before its answer was complete");
        }
        if self.input.len() > MAX_ANSWER {
            bail!("the server's answer is longer than {MAX_ANSWER} bytes");
        }
        Ok(())
    }
}

/// The head of an answer, once it is there in full.
fn read_head(input: &[u8]) -> anyhow::Result<Option<Head>> {
    let Some(end) = input.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&input[..end]).context("the server's answer is not HTTP")?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let Some(status) = status else { bail!("the server's answer has no status: {text}") };
    let mut head = Head { status, length: 0, retry_after: None, body: end + 4 };
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            head.length = value.trim().parse().context("the server's Content-Length is no number")?;
        } else if name.eq_ignore_ascii_case("retry-after") {
            head.retry_after = value.trim().parse().ok().map(Duration::from_secs);
        }
    }
    Ok(Some(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_head_only_once_it_is_complete() {
        let answer = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nContent-Length: 2\r\n\r\n{}";
        assert!(read_head(&answer[..40]).unwrap().is_none());
        let head = read_head(answer).unwrap().unwrap();
        assert_eq!((head.status, head.length, head.body), (503, 2, answer.len() - 2));
        assert_eq!(head.retry_after, Some(Duration::from_secs(1)));
    }
}

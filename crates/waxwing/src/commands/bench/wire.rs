//! One HTTP/1.1 connection of the load generator.
//!
//! Written by hand, because what the generator burns is missing from the server
//! on the same machine. It knows just enough HTTP for the answers of an API.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{adapter::Ready, template::Template};

/// The longest answer that is read.
const MAX_ANSWER: usize = 4 << 20;
/// The longest that a refused publish waits before it tries again.
const MAX_WAIT: Duration = Duration::from_secs(2);
/// How often an overloaded server is asked again.
const MAX_TRIES: usize = 100;

/// Where a server listens.
#[derive(Debug, Clone)]
pub(super) struct Host {
    pub(super) addr: SocketAddr,
    /// `Host`
    pub(super) name: String,
    /// Goes before every path.
    pub(super) prefix: String,
}

impl Host {
    /// A server on this machine.
    pub(super) fn local(addr: SocketAddr) -> Self {
        Self { addr, name: addr.to_string(), prefix: String::new() }
    }
}

/// A connection that is kept open.
pub(super) struct Wire {
    stream: TcpStream,
    host: Host,
    body: String,
    out: String,
    input: Vec<u8>,
    /// Answers 429 and 503 so far.
    pub(super) refused: u64,
}

/// An answer, apart from its body.
struct Head {
    status: u16,
    length: Length,
    retry_after: Option<Duration>,
    /// Where the body begins.
    body: usize,
}

/// How long a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Known(usize),
    Chunked,
}

impl Wire {
    /// Connects.
    pub(super) async fn open(host: &Host) -> anyhow::Result<Self> {
        let addr = host.addr;
        let stream = TcpStream::connect(addr).await.with_context(|| format!("cannot connect to {addr}"))?;
        stream.set_nodelay(true)?;
        let host = host.clone();
        let input = Vec::with_capacity(4096);
        Ok(Self { stream, host, body: String::new(), out: String::new(), input, refused: 0 })
    }

    /// Sends a request until the server takes it; waits as the server asks when it is
    /// overloaded. `fill` writes a template.
    pub(super) async fn ask(
        &mut self,
        call: &Ready,
        fill: impl Fn(&Template, &mut String),
    ) -> anyhow::Result<()> {
        self.write(call, fill);
        for _ in 0..MAX_TRIES {
            let head = self.exchange().await?;
            match head.status {
                200..=299 => return Ok(()),
                429 | 503 => {
                    self.refused += 1;
                    tokio::time::sleep(head.retry_after.unwrap_or(MAX_WAIT / 20).min(MAX_WAIT)).await;
                }
                status => {
                    let text = String::from_utf8_lossy(&self.input[head.body..]);
                    let line = self.out.lines().next().unwrap_or_default();
                    bail!("the server answered {line} with {status}: {text}");
                }
            }
        }
        bail!("the server was overloaded {MAX_TRIES} times in a row");
    }

    fn write(&mut self, call: &Ready, fill: impl Fn(&Template, &mut String)) {
        self.body.clear();
        fill(&call.body, &mut self.body);
        self.out.clear();
        for text in [&call.method, " ", &self.host.prefix] {
            self.out.push_str(text);
        }
        fill(&call.path, &mut self.out);
        for text in [" HTTP/1.1\r\nHost: ", &self.host.name, "\r\n", &call.headers] {
            self.out.push_str(text);
        }
        self.out.push_str("Content-Type: application/json\r\nContent-Length: ");
        self.out.push_str(&self.body.len().to_string());
        self.out.push_str("\r\n\r\n");
        self.out.push_str(&self.body);
    }

    async fn exchange(&mut self) -> anyhow::Result<Head> {
        self.stream
            .write_all(self.out.as_bytes())
            .await
            .context("the server closed a connection of the load generator")?;
        self.input.clear();
        let head = loop {
            self.read_more().await?;
            if let Some(head) = read_head(&self.input)? {
                break head;
            }
        };
        while !is_whole(&self.input[head.body..], head.length)? {
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
    let mut head = Head { status, length: Length::Known(0), retry_after: None, body: end + 4 };
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            let length = value.trim().parse().context("the server's Content-Length is no number")?;
            head.length = Length::Known(length);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            head.length = Length::Chunked;
        } else if name.eq_ignore_ascii_case("retry-after") {
            head.retry_after = value.trim().parse().ok().map(Duration::from_secs);
        }
    }
    Ok(Some(head))
}

/// Whether a body is there in full.
fn is_whole(body: &[u8], length: Length) -> anyhow::Result<bool> {
    if let Length::Known(length) = length {
        return Ok(body.len() >= length);
    }
    let mut rest = body;
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let line = std::str::from_utf8(&rest[..end]).unwrap_or_default();
        let size = line.split(';').next().and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
        let size = size.with_context(|| format!("the server's chunk has no size: {line:?}"))?;
        let Some(next) = rest.get(end + 2 + size + 2..) else { return Ok(false) };
        if size == 0 {
            return Ok(true);
        }
        rest = next;
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_head_only_once_it_is_complete() {
        let answer = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nContent-Length: 2\r\n\r\n{}";
        assert!(read_head(&answer[..40]).unwrap().is_none());
        let head = read_head(answer).unwrap().unwrap();
        assert_eq!((head.status, head.length, head.body), (503, Length::Known(2), answer.len() - 2));
        assert_eq!(head.retry_after, Some(Duration::from_secs(1)));
    }

    #[test]
    fn a_chunked_body_ends_with_its_empty_chunk() {
        let body = b"2\r\n{}\r\n1;x=y\r\n \r\n0\r\n\r\n";
        for cut in 0..body.len() {
            assert!(!is_whole(&body[..cut], Length::Chunked).unwrap(), "{cut}");
        }
        assert!(is_whole(body, Length::Chunked).unwrap());
        assert!(is_whole(b"no\r\n", Length::Chunked).is_err());
    }
}

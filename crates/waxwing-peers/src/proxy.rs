//! Proxies that connect on behalf of others: HTTP CONNECT and SOCKS 5.
//!
//! They do what they are asked, names included, and remember what that was, so that
//! a test can tell what a client gave away.

use std::{io, net::SocketAddr, sync::Arc, sync::Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// The longest head of a request.
const HEAD_BYTES: usize = 8 << 10;

/// How a proxy is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyKind {
    /// HTTP CONNECT.
    Connect,
    /// SOCKS 5.
    Socks5,
}

/// Whom a proxy serves.
#[derive(Debug, Clone)]
struct Rules {
    kind: ProxyKind,
    /// What a client must present: the value of `Proxy-Authorization`, or `user:password`.
    login: Option<&'static str>,
}

/// A running proxy. Dropping it closes everything.
#[derive(Debug)]
pub struct ProxyPeer {
    /// Where it listens.
    pub addr: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl ProxyPeer {
    /// Listens on a free port of `127.0.0.1`. With a `login` it serves only those who
    /// present it: the value of `Proxy-Authorization` for CONNECT, `user:password` for
    /// SOCKS 5.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(kind: ProxyKind, login: Option<&'static str>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let addr = listener.local_addr()?;
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (rules, asked_of) = (Rules { kind, login }, Arc::clone(&asked));
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                connections.spawn(serve(tcp, rules.clone(), Arc::clone(&asked_of)));
            }
        });
        Ok(Self { addr, asked, task })
    }

    /// What it was asked to connect to so far: `host:port`.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().map(|asked| asked.clone()).unwrap_or_default()
    }
}

impl Drop for ProxyPeer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Errors mean that one of both sides went away.
async fn serve(mut client: TcpStream, rules: Rules, asked: Arc<Mutex<Vec<String>>>) -> io::Result<()> {
    let question = match rules.kind {
        ProxyKind::Connect => connect_question(&mut client, rules.login).await?,
        ProxyKind::Socks5 => socks_question(&mut client, rules.login).await?,
    };
    let Some(target) = question else {
        return client.shutdown().await;
    };
    if let Ok(mut asked) = asked.lock() {
        asked.push(target.clone());
    }
    let server = TcpStream::connect(&target).await;
    let answer: &[u8] = match (rules.kind, server.is_ok()) {
        (ProxyKind::Connect, true) => b"HTTP/1.1 200 Connection established\r\nVia: 1.1 peer\r\n\r\n",
        (ProxyKind::Connect, false) => b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
        (ProxyKind::Socks5, true) => b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00",
        (ProxyKind::Socks5, false) => b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00",
    };
    client.write_all(answer).await?;
    copy_bidirectional(&mut client, &mut server?).await?;
    Ok(())
}

/// What is asked for, unless the client was turned away.
async fn connect_question(client: &mut TcpStream, login: Option<&str>) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == HEAD_BYTES {
            return Ok(None);
        }
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    let presented = head.lines().find_map(|line| line.strip_prefix("Proxy-Authorization: "));
    if login.is_some() && presented != login {
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n";
        client.write_all(refusal.as_bytes()).await?;
        return Ok(None);
    }
    let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split_once(" HTTP/1.1\r\n"));
    Ok(target.map(|(target, _)| target.to_owned()))
}

/// The same over SOCKS 5.
async fn socks_question(client: &mut TcpStream, login: Option<&str>) -> io::Result<Option<String>> {
    let _version = client.read_u8().await?;
    let offered = text(client).await?;
    let wanted = if login.is_some() { 2 } else { 0 };
    if !offered.contains(&wanted) {
        client.write_all(&[5, 0xff]).await?;
        return Ok(None);
    }
    client.write_all(&[5, wanted]).await?;
    if let Some(login) = login {
        let _version = client.read_u8().await?;
        let (user, password) = (text(client).await?, text(client).await?);
        let accepted = [&user[..], b":", &password].concat() == login.as_bytes();
        client.write_all(&[1, u8::from(!accepted)]).await?;
        if !accepted {
            return Ok(None);
        }
    }
    let mut head = [0; 4];
    client.read_exact(&mut head).await?;
    let host = match head[3] {
        1 => std::net::Ipv4Addr::from_bits(client.read_u32().await?).to_string(),
        4 => format!("[{}]", std::net::Ipv6Addr::from_bits(client.read_u128().await?)),
        _ => String::from_utf8_lossy(&text(client).await?).into_owned(),
    };
    Ok(Some(format!("{host}:{}", client.read_u16().await?)))
}

/// A length in one byte, and that many bytes.
async fn text(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(client.read_u8().await?)];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

//! The client of the HTTP API.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use waxwing_peers::{ApiClient, Misbehaviour, RawListener};

use crate::harness::within;

/// A plain HTTP server that keeps what it was asked and answers with the path.
#[derive(Default)]
struct Server {
    asked: Mutex<Vec<Request<Bytes>>>,
    connections: AtomicU64,
}

impl Server {
    async fn start() -> (Arc<Self>, SocketAddr) {
        let server = Arc::new(Self::default());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let accepting = Arc::clone(&server);
        tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                accepting.connections.fetch_add(1, SeqCst);
                tokio::spawn(Arc::clone(&accepting).serve(tcp));
            }
        });
        (server, addr)
    }

    async fn serve(self: Arc<Self>, tcp: TcpStream) {
        let service = service_fn(|request: Request<Incoming>| {
            let server = Arc::clone(&self);
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let path = head.uri.path().to_owned();
                server.asked.lock().unwrap().push(Request::from_parts(head, body));
                if path == "/hang" {
                    std::future::pending::<()>().await;
                }
                let mut response = Response::new(Full::new(Bytes::from(json!({ "path": path }).to_string())));
                if path == "/missing" {
                    *response.status_mut() = StatusCode::NOT_FOUND;
                }
                Ok::<_, Infallible>(response)
            }
        });
        // The client closes it in the middle of some tests.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(tcp), service).await;
    }

    fn last(&self) -> Request<Bytes> {
        self.asked.lock().unwrap().last().cloned().unwrap()
    }

    fn connections(&self) -> u64 {
        self.connections.load(SeqCst)
    }
}

fn client(addr: SocketAddr) -> ApiClient {
    ApiClient::new(&format!("http://{addr}"), "secret-key").unwrap()
}

#[tokio::test]
async fn each_method_sends_what_it_is_called_with() {
    let (server, addr) = Server::start().await;
    let client = client(addr).account("acc_1").unwrap();
    let body = Some(json!({"a": 1}));
    for (method, answer) in [
        (Method::GET, within(client.get("/x?y=1")).await),
        (Method::POST, within(client.post("/x?y=1", body.clone())).await),
        (Method::PUT, within(client.put("/x?y=1", body.clone())).await),
        (Method::DELETE, within(client.delete("/x?y=1", body.clone())).await),
    ] {
        assert_eq!(answer.unwrap().json().unwrap(), json!({"path": "/x"}));
        let at = server.asked.lock().unwrap().iter().position(|asked| asked.method() == method).unwrap();
        let asked = server.asked.lock().unwrap().remove(at);
        assert_eq!(asked.uri(), "/x?y=1");
        assert_eq!(asked.headers()["authorization"], "Bearer secret-key");
        assert_eq!(asked.headers()["waxwing-account"], "acc_1");
        assert_eq!(asked.headers()["host"], addr.to_string());
        let sent = (asked.headers().get("content-type").cloned(), asked.into_body());
        if method == Method::GET {
            assert_eq!(sent, (None, Bytes::new()));
        } else {
            assert_eq!(sent, (Some(HeaderValue::from_static("application/json")), r#"{"a":1}"#.into()));
        }
    }
}

#[tokio::test]
async fn raw_bytes_are_sent_with_the_headers_that_are_given() {
    let (server, addr) = Server::start().await;
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("text/plain"));
    headers.insert("authorization", HeaderValue::from_static("Bearer other"));
    within(client(addr).post_raw("/x", headers, Bytes::from_static(b"{\xff"))).await.unwrap();
    let asked = server.last();
    assert_eq!(asked.headers()["content-type"], "text/plain");
    assert_eq!(asked.headers()["authorization"], "Bearer other");
    assert_eq!(&asked.body()[..], b"{\xff");
}

#[tokio::test]
async fn a_path_in_the_base_url_comes_first_and_no_key_is_no_header() {
    let (server, addr) = Server::start().await;
    let client = ApiClient::new(&format!("http://{addr}/behind/proxy/"), "").unwrap();
    within(client.get("/api")).await.unwrap();
    assert_eq!(server.last().uri(), "/behind/proxy/api");
    assert!(!server.last().headers().contains_key("authorization"));
}

#[tokio::test]
async fn an_error_status_is_an_answer() {
    let (_server, addr) = Server::start().await;
    assert_eq!(within(client(addr).get("/missing")).await.unwrap().status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_client_keeps_one_connection_and_each_clone_has_its_own() {
    let (server, addr) = Server::start().await;
    let first = client(addr);
    let second = first.clone();
    for _ in 0..3 {
        within(first.get("/")).await.unwrap();
        within(second.get("/")).await.unwrap();
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_request_that_is_given_up_takes_its_connection_along() {
    let (server, addr) = Server::start().await;
    let client = client(addr);
    let arrived = async {
        while server.asked.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = client.get("/hang") => panic!("{answer:?}"),
        () = within(arrived) => {}
    }
    let answer = within(client.get("/after")).await.unwrap();
    assert_eq!(answer.json().unwrap(), json!({"path": "/after"}));
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_told() {
    let silent = RawListener::start(Misbehaviour::Silent).await.unwrap();
    let hasty = client(silent.addr).timeout(Duration::from_millis(1));
    let told = within(hasty.get("/")).await.unwrap_err().to_string();
    let expected = format!("no answer from {} within 1ms; look at its /readyz and /metrics", silent.addr);
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_replaced() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let client = client(listener.local_addr().unwrap());
    let serve_once = async || {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        assert!(tcp.read(&mut request).await.unwrap() > 0);
        tcp.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
    };
    for _ in 0..3 {
        let (answer, ()) = within(async { tokio::join!(client.get("/"), serve_once()) }).await;
        assert_eq!(answer.unwrap().status, StatusCode::NO_CONTENT);
        // The server's end is closed by now; let the client notice.
        for _ in 0..64 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    let addr = RawListener::closed_port().await.unwrap();
    let told = within(client(addr).get("/")).await.unwrap_err().to_string();
    let start = format!("cannot reach {addr}: ");
    assert!(told.starts_with(&start) && told.ends_with("; is `waxwing serve` running there?"), "{told}");
}

#[tokio::test]
async fn a_server_that_breaks_off_is_told() {
    for misbehaviour in [Misbehaviour::CloseAfterHello, Misbehaviour::ResetAfterHello, Misbehaviour::alert(1)]
    {
        let listener = RawListener::start(misbehaviour).await.unwrap();
        let told = within(client(listener.addr).get("/")).await.unwrap_err().to_string();
        let start = format!("no answer from {}: ", listener.addr);
        assert!(told.starts_with(&start) && told.ends_with("; look at the server's log"), "{told}");
    }
}

#[test]
fn what_a_client_cannot_be_made_of_is_told() {
    let url = |text: &str| ApiClient::new(text, "key").unwrap_err().to_string();
    assert_eq!(
        url("ftp://127.0.0.1"),
        "\"ftp://127.0.0.1\" is no http:// or https:// URL: give the address that the server listens on, such as http://127.0.0.1:8080"
    );
    for text in ["", "127.0.0.1:8080", "/api", "http://", "http://a b"] {
        assert!(url(text).ends_with("such as http://127.0.0.1:8080"), "{text:?}: {}", url(text));
    }
    let key = ApiClient::new("http://127.0.0.1", "line\nbreak").unwrap_err().to_string();
    assert_eq!(key, "the key contains characters that cannot be sent in a header");
    let account = ApiClient::new("http://127.0.0.1", "key").unwrap().account("a\0b").unwrap_err().to_string();
    assert_eq!(account, "the account contains characters that cannot be sent in a header");
}

#[tokio::test]
async fn what_is_no_path_is_told() {
    let told = client(([127, 0, 0, 1], 1).into()).get("/a b").await.unwrap_err().to_string();
    assert_eq!(told, "\"/a b\" is not a path: percent-encode what is special");
}

#[test]
fn nothing_prints_the_key() {
    let client = client(([127, 0, 0, 1], 1).into());
    assert!(!format!("{client:?}").contains("secret-key"), "{client:?}");
}

//! Over HTTP/1.1.

use tokio::{io::AsyncWriteExt, time::Instant};

use super::super::{DRAIN, FIRST_REQUEST, HEADER_BYTES, IDLE};
use super::{LARGE, PEER, ask, connect, rest};

const HELLO: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_let_go() {
    let (_client, serving, _stop) = connect();
    let began = Instant::now();
    serving.await.unwrap();
    assert!((FIRST_REQUEST..=FIRST_REQUEST + DRAIN).contains(&began.elapsed()), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_first_head_that_comes_in_drops_does_not_keep_its_connection() {
    let (mut client, serving, _stop) = connect();
    let began = Instant::now();
    client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n").await.unwrap();
    while client.write_all(b"x: y\r\n").await.is_ok() && !serving.is_finished() {
        tokio::time::sleep(FIRST_REQUEST / 10).await;
    }
    serving.await.unwrap();
    assert!(began.elapsed() <= FIRST_REQUEST + DRAIN + FIRST_REQUEST / 5, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_later_head_that_comes_in_drops_does_not_either() {
    let (mut client, serving, _stop) = connect();
    ask(&mut client, HELLO, "hello").await;
    let began = Instant::now();
    client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n").await.unwrap();
    while client.write_all(b"x: y\r\n").await.is_ok() && !serving.is_finished() {
        tokio::time::sleep(IDLE / 10).await;
    }
    serving.await.unwrap();
    assert!(began.elapsed() <= IDLE + DRAIN, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_is_closed_and_one_with_requests_is_kept() {
    let (mut client, serving, _stop) = connect();
    for _ in 0..20 {
        ask(&mut client, HELLO, "hello").await;
        tokio::time::sleep(IDLE / 2).await;
    }
    assert!(!serving.is_finished());
    serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_long_to_answer_is_answered() {
    let (mut client, _serving, _stop) = connect();
    let answer = ask(&mut client, "GET /slow HTTP/1.1\r\nhost: a\r\n\r\n", "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_taken_does_not_keep_its_connection() {
    let (mut client, serving, _stop) = connect();
    client.write_all(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let began = Instant::now();
    serving.await.unwrap();
    assert!(began.elapsed() <= FIRST_REQUEST + 2 * IDLE + DRAIN, "{:?}", began.elapsed());
    assert!(rest(&mut client).await.len() < LARGE);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_too_long_is_refused() {
    let (mut client, serving, _stop) = connect();
    let long = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "y".repeat(HEADER_BYTES as usize));
    let (mut reading, mut writing) = tokio::io::split(client);
    let send = async move {
        let _ = writing.write_all(long.as_bytes()).await;
        writing
    };
    let mut answer = Vec::new();
    let read = tokio::io::AsyncReadExt::read_to_end(&mut reading, &mut answer);
    let (writing, _) = tokio::join!(send, read);
    client = reading.unsplit(writing);
    drop(client);
    assert!(answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_head_of_too_many_lines_is_refused() {
    for (lines, status) in [(99, "HTTP/1.1 200"), (100, "HTTP/1.1 431")] {
        let (mut client, _serving, _stop) = connect();
        let head = format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(lines));
        let answer = ask(&mut client, &head, "\r\n\r\n").await;
        assert!(answer.starts_with(status), "{lines}: {answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_knows_who_asks() {
    let (mut client, _serving, _stop) = connect();
    let address = PEER.0.to_string();
    ask(&mut client, "GET /peer HTTP/1.1\r\nhost: a\r\n\r\n", &address).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_closes_idle_connections_and_answers_what_is_under_way() {
    let (mut client, serving, stop) = connect();
    ask(&mut client, HELLO, "hello").await;
    stop.send_replace(true);
    assert_eq!(rest(&mut client).await, "");
    serving.await.unwrap();
    let (mut client, serving, stop) = connect();
    client.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(IDLE).await;
    stop.send_replace(true);
    assert!(rest(&mut client).await.starts_with("HTTP/1.1 200"));
    serving.await.unwrap();
}

//! Over HTTP/2.

use bytes::Bytes;
use h2::client::SendRequest;
use http::Request;
use tokio::{io::AsyncWriteExt, task::JoinHandle, time::Instant};

use super::super::{DRAIN, FIRST_REQUEST, GIVEN_UP, HEADER_BYTES, IDLE, STREAMS};
use super::connect;

/// A client on a connection to the site, and what ends with the server's end.
async fn client(window: u32) -> (SendRequest<Bytes>, JoinHandle<()>) {
    let (io, serving, stop) = connect();
    let handshake = h2::client::Builder::new().initial_window_size(window).handshake(io);
    let (client, connection) = handshake.await.unwrap();
    tokio::spawn(async move {
        let _ = connection.await; // how it ends is what the tests look at
        drop(stop);
    });
    (client, serving)
}

fn get(path: &str) -> Request<()> {
    Request::get(format!("http://a{path}")).body(()).unwrap()
}

async fn status(client: &mut SendRequest<Bytes>, request: Request<()>) -> Result<u16, h2::Error> {
    *client = client.clone().ready().await?;
    let (response, _) = client.send_request(request, true)?;
    Ok(response.await?.status().as_u16())
}

#[tokio::test(start_paused = true)]
async fn a_request_is_answered_and_a_connection_without_one_is_closed() {
    let (mut one, serving) = client(65_535).await;
    assert_eq!(status(&mut one, get("/")).await.unwrap(), 200);
    let began = Instant::now();
    serving.await.unwrap();
    assert!(began.elapsed() <= FIRST_REQUEST + IDLE + DRAIN, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_reset_at_once_end_their_connection() {
    let (mut one, serving) = client(65_535).await;
    let mut sent = 0;
    // Each is begun, seen by the server, and given up.
    while !serving.is_finished() {
        assert!(sent < 10 * GIVEN_UP, "{sent} requests were begun and reset");
        let Ok(ready) = one.clone().ready().await else { break };
        one = ready;
        let Ok((_, mut stream)) = one.send_request(get("/never"), false) else { break };
        tokio::task::yield_now().await;
        stream.send_reset(h2::Reason::CANCEL);
        sent += 1;
        tokio::task::yield_now().await;
    }
    serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_gives_up_now_and_then_is_kept() {
    let (mut one, serving) = client(65_535).await;
    for _ in 0..3 * GIVEN_UP {
        assert_eq!(status(&mut one, get("/")).await.unwrap(), 200);
        let (_, mut stream) = one.send_request(get("/never"), false).unwrap();
        tokio::task::yield_now().await;
        stream.send_reset(h2::Reason::CANCEL);
    }
    assert_eq!(status(&mut one, get("/")).await.unwrap(), 200);
    assert!(!serving.is_finished());
}

#[tokio::test(start_paused = true)]
async fn no_more_requests_are_taken_at_once_than_may_be() {
    let (one, _serving) = client(65_535).await;
    let mut one = one.ready().await.unwrap();
    // What the server allows is known once it has answered.
    assert_eq!(status(&mut one, get("/")).await.unwrap(), 200);
    assert_eq!(one.current_max_send_streams(), STREAMS as usize);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_too_long_is_refused() {
    let (mut one, _serving) = client(65_535).await;
    let mut long = get("/");
    for number in 0..4 {
        let name = http::HeaderName::try_from(format!("x-{number}")).unwrap();
        let value = "y".repeat(HEADER_BYTES as usize / 4);
        long.headers_mut().insert(name, value.try_into().unwrap());
    }
    let refused = status(&mut one, long).await;
    assert!(matches!(refused, Ok(431) | Err(_)), "{refused:?}");
    assert_eq!(status(&mut one, get("/")).await.unwrap(), 200, "others are not concerned");
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_not_taken_end_their_connection_whatever_else_is_asked() {
    let (mut one, serving) = client(0).await;
    let began = Instant::now();
    let mut waiting = Vec::new();
    while !serving.is_finished() {
        let Ok(ready) = one.clone().ready().await else { break };
        one = ready;
        let Ok((response, _)) = one.send_request(get("/large"), true) else { break };
        waiting.push(response);
        tokio::time::sleep(IDLE / 4).await;
        assert!(began.elapsed() <= FIRST_REQUEST + 3 * IDLE + DRAIN, "{:?}", began.elapsed());
    }
    serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_head_that_never_ends_ends_its_connection() {
    // A frame's length, type, flags and stream; none of these ends the head.
    let headers = [0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82];
    let continuation = [0, 0, 0, 9, 0, 0, 0, 0, 1];
    let (mut client, serving, _stop) = connect();
    client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    client.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
    client.write_all(&headers).await.unwrap();
    let (began, mut sent) = (Instant::now(), 0);
    while client.write_all(&continuation).await.is_ok() && !serving.is_finished() {
        sent += 1;
        assert!(sent < 1_000_000, "nobody stops it");
    }
    drop(client);
    serving.await.unwrap();
    assert!(began.elapsed() < FIRST_REQUEST, "its frames were counted, not its time");
}

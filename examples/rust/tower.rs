//! Webhooks with tower and hyper: the layer verifies, and lets each event through once.
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::{server::conn::auto::Builder, service::TowerToHyperService};
use std::{env, error::Error, future::ready, io, io::Write};
use tokio::{net::TcpListener, sync::mpsc};
use tower::{Layer, service_fn};
use waxwing_receiver::{MemorySeen, RawEvent, Receiver, Secrets, tower::VerifyLayer};

fn receive(event: Option<RawEvent>, queue: &mpsc::Sender<RawEvent>) -> http::Result<Response<String>> {
    let queued = event.is_some_and(|event| queue.try_send(event).is_ok());
    Response::builder().status(if queued { 204 } else { 503 }).body(String::new()) // 503: comes again
}

async fn work(mut queue: mpsc::Receiver<RawEvent>) {
    while let Some(event) = queue.recv().await {
        if let Err(error) = writeln!(io::stdout(), "done {} {}", event.id, event.event_type) {
            eprintln!("the work of {} failed: {error}", event.id);
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secrets = env::var("WEBHOOK_SECRETS").map_err(|_| "set WEBHOOK_SECRETS to the webhook's secret")?;
    let layer = VerifyLayer::new(Receiver::new(Secrets::new(secrets.split(' '))?)).seen(MemorySeen::new());
    let (sender, queue) = mpsc::channel(1000);
    tokio::spawn(work(queue));
    let handler = move |mut r: Request<Full<Bytes>>| ready(receive(r.extensions_mut().remove(), &sender));
    let service = TowerToHyperService::new(layer.layer(service_fn(handler)));
    let server = Builder::new(TokioExecutor::new());
    let listener = TcpListener::bind(format!("127.0.0.1:{}", env::var("PORT")?)).await?;
    eprintln!("listening on {}", listener.local_addr()?);
    loop {
        let stream = TokioIo::new(listener.accept().await?.0);
        tokio::spawn(server.serve_connection(stream, service.clone()).into_owned());
    }
}

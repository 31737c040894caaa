//! Webhooks with axum: verified, taken once, answered at once, worked on in the background.
use axum::extract::{FromRef, State};
use axum::{Router, http::StatusCode, response::IntoResponse, routing::post};
use serde_json::Value;
use std::{env, error::Error, io, io::Write};
use tokio::{net::TcpListener, sync::mpsc};
use waxwing_receiver::{Event, MemorySeen, Receiver, Secrets, axum::Webhook, once};

#[derive(Clone)]
struct App(Receiver, MemorySeen, mpsc::Sender<Event<Value>>);

impl FromRef<App> for Receiver {
    fn from_ref(app: &App) -> Self {
        app.0.clone()
    }
}

async fn receive(State(app): State<App>, Webhook(event): Webhook<Value>) -> impl IntoResponse {
    let (App(_, seen, queue), id) = (app, event.id.clone());
    once(&seen, &id, async { queue.try_send(event).or(Err(StatusCode::SERVICE_UNAVAILABLE)) }).await
}

async fn work(mut queue: mpsc::Receiver<Event<Value>>) {
    while let Some(event) = queue.recv().await {
        if let Err(error) = writeln!(io::stdout(), "done {} {}", event.id, event.event_type) {
            eprintln!("the work of {} failed: {error}", event.id);
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secrets = env::var("WEBHOOK_SECRETS").map_err(|_| "set WEBHOOK_SECRETS to the webhook's secret")?;
    let (sender, queue) = mpsc::channel(1000);
    let app = App(Receiver::new(Secrets::new(secrets.split(' '))?), MemorySeen::new(), sender);
    let listener = TcpListener::bind(format!("127.0.0.1:{}", env::var("PORT")?)).await?;
    eprintln!("listening on {}", listener.local_addr()?);
    tokio::spawn(work(queue));
    Ok(axum::serve(listener, Router::new().route("/webhooks", post(receive)).with_state(app)).await?)
}

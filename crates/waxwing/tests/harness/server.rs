//! A server process, and what one does with it.

use std::{
    net::SocketAddr,
    path::Path,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::watch,
};
use waxwing_peers::{ApiClient, ApiResponse};

use super::{KEY, waxwing, within};

/// A running server.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) addr: SocketAddr,
    pub(crate) api: ApiClient,
    lines: Arc<Mutex<Vec<String>>>,
    ended: watch::Receiver<bool>,
}

/// A webhook that was made for a test.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) account: String,
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Server {
    /// Starts one and waits until it says where it listens.
    pub(crate) async fn start(dir: &Path, environment: &[(String, String)]) -> Self {
        let mut command = waxwing(dir);
        command.arg("serve");
        Self::start_as(command, environment).await
    }

    /// Starts one by a command that becomes `waxwing serve`.
    pub(crate) async fn start_as(mut command: Command, environment: &[(String, String)]) -> Self {
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (listening, mut listens) = watch::channel(None);
        let (end, ended) = watch::channel(false);
        let kept = Arc::clone(&lines);
        tokio::spawn(async move {
            let mut stderr = BufReader::new(stderr).lines();
            while let Ok(Some(line)) = stderr.next_line().await {
                if let Ok(entry) = serde_json::from_str::<Value>(&line)
                    && entry["message"] == "listening"
                {
                    let addr: SocketAddr = entry["address"].as_str().unwrap().parse().unwrap();
                    listening.send_replace(Some(addr));
                }
                kept.lock().unwrap().push(line);
            }
            end.send_replace(true);
        });
        let addr = within(listens.wait_for(Option::is_some)).await.ok().and_then(|addr| *addr);
        let addr = addr.unwrap_or_else(|| panic!("the server ended:\n{}", lines.lock().unwrap().join("\n")));
        let api = ApiClient::new(&format!("http://{addr}"), KEY).unwrap();
        Self { child, addr, api, lines, ended }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Everything that it has written to stderr.
    pub(crate) fn log(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let status = std::process::Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", self.pid())])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let status = within(self.child.wait()).await.unwrap();
        within(self.ended.wait_for(|ended| *ended)).await.unwrap();
        status
    }

    /// Ends it in an orderly way.
    pub(crate) async fn stop(mut self) {
        self.signal("TERM");
        let status = self.ended().await;
        assert!(status.success(), "{status}\n{}", self.log());
    }

    /// Ends it at once, in the middle of whatever it does.
    pub(crate) async fn kill(mut self) {
        self.child.start_kill().unwrap();
        let _ = self.ended().await;
    }

    /// A client that acts for an account.
    pub(crate) fn acting_for(&self, account: &str) -> ApiClient {
        self.api.clone().account(account).unwrap()
    }

    pub(crate) async fn account(&self, id: &str) {
        expect(201, self.api.post("/api/accounts", Some(json!({ "id": id }))).await.unwrap());
    }

    /// Makes a webhook, and its account when there is none yet.
    pub(crate) async fn webhook(&self, account: &str, url: &str, events: &[&str]) -> Hook {
        let made = self.api.post("/api/accounts", Some(json!({ "id": account }))).await.unwrap();
        assert!(matches!(made.status.as_u16(), 201 | 409), "{made:?}");
        let wanted = json!({ "url": url, "events": events });
        let made =
            expect(201, self.acting_for(account).post("/api/webhook/create", Some(wanted)).await.unwrap());
        let text = |member: &str| made[member].as_str().unwrap().to_owned();
        Hook { account: account.to_owned(), id: text("id"), secret: text("secret") }
    }

    /// Publishes and returns the event's id.
    pub(crate) async fn publish(&self, account: &str, event_type: &str, data: Value) -> String {
        let event = json!({ "account_id": account, "type": event_type, "data": data });
        let made = expect(202, self.api.post("/api/events", Some(event)).await.unwrap());
        made["id"].as_str().unwrap().to_owned()
    }

    /// Changes a webhook's status.
    pub(crate) async fn set_status(&self, hook: &Hook, status: &str) {
        let path = format!("/api/webhook/{}", hook.id);
        expect(
            200,
            self.acting_for(&hook.account).put(&path, Some(json!({ "status": status }))).await.unwrap(),
        );
    }

    pub(crate) async fn get(&self, hook: &Hook) -> Value {
        expect(200, self.acting_for(&hook.account).get(&format!("/api/webhook/{}", hook.id)).await.unwrap())
    }

    /// One delivery with its attempts.
    pub(crate) async fn detail(&self, hook: &Hook, event: &str) -> Value {
        let path = format!("/api/webhook/{}/events/{event}", hook.id);
        expect(200, self.acting_for(&hook.account).get(&path).await.unwrap())
    }

    /// The newest deliveries of a webhook, newest first.
    pub(crate) async fn log_of(&self, hook: &Hook, query: &str) -> Vec<Value> {
        let path = format!("/api/webhook/{}/events?{query}", hook.id);
        let answer = expect(200, self.acting_for(&hook.account).get(&path).await.unwrap());
        answer["data"].as_array().unwrap().clone()
    }

    /// Waits until a webhook has this status; the webhook.
    pub(crate) async fn until_webhook(&self, hook: &Hook, status: &str) -> Value {
        let mut tick = tokio::time::interval(std::time::Duration::from_millis(10));
        within(async {
            loop {
                tick.tick().await;
                let webhook = self.get(hook).await;
                if webhook["status"] == status {
                    return webhook;
                }
            }
        })
        .await
    }

    /// Waits until a delivery is in this state; its detail.
    pub(crate) async fn until(&self, hook: &Hook, event: &str, state: &str) -> Value {
        let mut tick = tokio::time::interval(std::time::Duration::from_millis(10));
        let mut last = Value::Null;
        let found = tokio::time::timeout(super::DEADLINE, async {
            loop {
                tick.tick().await;
                last = self.detail(hook, event).await;
                if last["status"] == state {
                    return;
                }
            }
        })
        .await;
        assert!(found.is_ok(), "{event} did not become {state}: {last:#}\n{}", self.log());
        last
    }
}

/// The body of an answer with this status.
#[allow(clippy::needless_pass_by_value, reason = "calls read better")]
pub(crate) fn expect(status: u16, answer: ApiResponse) -> Value {
    assert_eq!(answer.status, status, "{answer:?}");
    answer.json().unwrap()
}

//! A server of our own, for `demo` and `bench`: this very program as a child
//! process with a fresh database in a temporary directory.
//!
//! A process of its own is the honest way: what is shown and measured is what an
//! operator runs. It ends when our end of its stdin closes, and so with us,
//! however we end.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, bail};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStderr, Command},
    time::timeout,
};

/// How long a server may take to listen, and to end.
const PATIENCE: Duration = Duration::from_mins(1);
/// Lines of its log that are kept, to be shown when something went wrong.
const KEPT_LINES: usize = 20;

/// A running server.
pub(crate) struct ChildServer {
    child: Child,
    /// Where its API listens.
    pub(crate) addr: SocketAddr,
    /// Its process id.
    pub(crate) pid: u32,
    tail: Arc<Mutex<VecDeque<String>>>,
}

impl ChildServer {
    /// Starts one with its database in `directory` and waits until it listens.
    /// `environment` holds names without `WAXWING_`.
    pub(crate) async fn start(directory: &Path, environment: &[(&str, String)]) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("this program cannot find itself")?;
        let mut command = Command::new(program);
        // Nothing of the caller's own configuration may leak in.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("WAXWING_")) {
                command.env_remove(name);
            }
        }
        command
            .args(["serve", "--until-stdin-closes"])
            .current_dir(directory)
            .env("WAXWING_LISTEN", "127.0.0.1:0")
            .env("WAXWING_DATABASE", "sqlite:waxwing.db")
            .env("WAXWING_LOG_FORMAT", "json")
            .envs(environment.iter().map(|(name, value)| (format!("WAXWING_{name}"), value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().context("the server cannot be started as a child process")?;
        let stderr = child.stderr.take().context("the server's log cannot be read")?;
        let pid = child.id().context("the server ended at once")?;
        let tail = Arc::new(Mutex::new(VecDeque::new()));
        let mut lines = BufReader::new(stderr).lines();
        let listening = timeout(PATIENCE, listening(&mut lines, &tail)).await;
        let Ok(Ok(addr)) = listening else {
            bail!("the server did not start. Its last words:\n{}", last_words(&tail));
        };
        tokio::spawn(drain(lines, Arc::clone(&tail)));
        Ok(Self { child, addr, pid, tail })
    }

    /// `http://<address>`
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The end of its log.
    pub(crate) fn last_words(&self) -> String {
        last_words(&self.tail)
    }

    /// Asks it to end, and waits for an orderly end.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        drop(self.child.stdin.take());
        let Ok(status) = timeout(PATIENCE, self.child.wait()).await else {
            bail!(
                "the server did not end within {} s. Its last words:\n{}",
                PATIENCE.as_secs(),
                self.last_words()
            );
        };
        let status = status?;
        if !status.success() {
            bail!("the server ended with {status}. Its last words:\n{}", self.last_words());
        }
        Ok(())
    }
}

/// Reads the log until it names the address.
async fn listening(
    lines: &mut Lines<BufReader<ChildStderr>>,
    tail: &Mutex<VecDeque<String>>,
) -> anyhow::Result<SocketAddr> {
    while let Some(line) = lines.next_line().await? {
        let entry: Option<serde_json::Value> = serde_json::from_str(&line).ok();
        keep(tail, line);
        let Some(entry) = entry.filter(|entry| entry["message"] == "listening") else {
            continue;
        };
        return entry["address"].as_str().unwrap_or_default().parse().context("the server names no address");
    }
    bail!("the server ended before it listened")
}

async fn drain(mut lines: Lines<BufReader<ChildStderr>>, tail: Arc<Mutex<VecDeque<String>>>) {
    while let Ok(Some(line)) = lines.next_line().await {
        keep(&tail, line);
    }
}

fn keep(tail: &Mutex<VecDeque<String>>, line: String) {
    let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
    if tail.len() == KEPT_LINES {
        tail.pop_front();
    }
    tail.push_back(line);
}

fn last_words(tail: &Mutex<VecDeque<String>>) -> String {
    let tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
    tail.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

//! A receiver as a process: started on a free port, listened to, ended.

use std::{net::SocketAddr, path::Path, process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    sync::watch,
    task::JoinHandle,
};

use crate::{contract::Example, harness::within};

/// How long a receiver may take until its port accepts: some compile first.
const LISTENS_WITHIN: Duration = Duration::from_mins(1);
/// How long it may take to end after SIGTERM.
const ENDS_WITHIN: Duration = Duration::from_secs(5);
/// Starts in all: between the choice of a port and its use somebody else can take it.
const STARTS: u32 = 3;
/// The lines that are kept for a failed test to show.
const KEPT_LINES: usize = 100;

/// The id and the type of an event whose work is done.
pub(crate) type Done = (String, String);

/// What receivers printed.
#[derive(Debug, Default)]
pub(crate) struct Printed {
    pub(crate) done: Vec<Done>,
    /// The last of all lines but those.
    pub(crate) lines: Vec<String>,
}

/// A running receiver. Dropping it kills it, with everything that it has started.
pub(crate) struct Process {
    pub(crate) addr: SocketAddr,
    child: Child,
    group: Pid,
    readers: [JoinHandle<()>; 2],
}

impl Process {
    /// Starts it with these secrets and waits until it listens.
    pub(crate) async fn start(
        example: &Example,
        secrets: &str,
        home: &Path,
        printed: &watch::Sender<Printed>,
    ) -> Self {
        for _ in 0..STARTS {
            let mut process = Self::spawn(example, secrets, home, printed).await;
            let listens = tokio::time::timeout(LISTENS_WITHIN, process.listens()).await;
            match listens {
                Ok(true) => return process,
                Ok(false) => process.read_to_the_end().await,
                Err(_) => break,
            }
        }
        let lines = printed.borrow().lines.join("\n");
        panic!(
            "examples/{}: {:?} did not listen at its PORT; {}. It printed:\n{lines}",
            example.language,
            example.command,
            example.remedy()
        );
    }

    async fn spawn(example: &Example, secrets: &str, home: &Path, printed: &watch::Sender<Printed>) -> Self {
        let free = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let addr = free.local_addr().unwrap();
        drop(free);
        let program = example.program();
        let mut command = Command::new(&program);
        command.args(&example.command[1..]).current_dir(&example.folder).process_group(0);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", home);
        command.env("PORT", addr.port().to_string()).env("WEBHOOK_SECRETS", secrets);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("examples/{}: {}: {error}; {}", example.language, program.display(), example.remedy())
        });
        let readers = [
            tokio::spawn(read(child.stdout.take().unwrap(), true, printed.clone())),
            tokio::spawn(read(child.stderr.take().unwrap(), false, printed.clone())),
        ];
        let group = Pid::from_raw(child.id().unwrap().try_into().unwrap()).unwrap();
        Self { addr, child, group, readers }
    }

    /// Waits until the port accepts; whether it did, or the process ended first.
    async fn listens(&mut self) -> bool {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        loop {
            tick.tick().await;
            let accepts = TcpStream::connect(self.addr).await.is_ok();
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if accepts {
                return true;
            }
        }
    }

    /// Ends it by SIGTERM and reads what it printed to the end.
    pub(crate) async fn end(mut self) {
        kill_process(self.group, Signal::TERM).unwrap();
        let ended = tokio::time::timeout(ENDS_WITHIN, self.child.wait()).await;
        assert!(ended.is_ok(), "the receiver did not end within {ENDS_WITHIN:?} after SIGTERM");
        self.read_to_the_end().await;
    }

    /// What it has started, and left behind, would hold its pipes open.
    async fn read_to_the_end(&mut self) {
        let _ = kill_process_group(self.group, Signal::KILL); // mostly there is nobody left
        for reader in &mut self.readers {
            within(reader).await.unwrap();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = kill_process_group(self.group, Signal::KILL); // it may have ended
    }
}

/// Reads lines until the pipe is closed; only stdout tells what is done.
async fn read(pipe: impl AsyncRead + Unpin, is_stdout: bool, printed: watch::Sender<Printed>) {
    let mut lines = BufReader::new(pipe).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let done = line.strip_prefix("done ").filter(|_| is_stdout);
        match done.and_then(|done| done.split_once(' ')) {
            Some((id, kind)) => {
                printed.send_modify(|printed| printed.done.push((id.to_owned(), kind.to_owned())));
            }
            None => printed.send_modify(|printed| keep(&mut printed.lines, line)),
        }
    }
}

fn keep(lines: &mut Vec<String>, line: String) {
    if lines.len() == KEPT_LINES {
        lines.remove(0);
    }
    lines.push(line);
}

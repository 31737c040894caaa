//! A server that is not ours to set up: it runs already, or the user says how to start it.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use super::{process, wire::Host};
use crate::exit::Exit;

/// How long it may take until it can be connected to.
const LISTENS_WITHIN: Duration = Duration::from_mins(1);
/// How long it may take to end.
const ENDS_WITHIN: Duration = Duration::from_secs(20);

/// The server of an adapter, for all scenarios of a run.
pub(super) struct Other {
    pub(super) url: String,
    pub(super) host: Host,
    /// Names or ids of processes whose CPU time counts.
    pub(super) processes: Vec<String>,
    child: Option<Child>,
}

impl Other {
    /// Waits until it listens at `url`, after starting it if there is a command to do so.
    pub(super) async fn start(
        url: &str,
        command: Option<&str>,
        roots: &Path,
        processes: Vec<String>,
    ) -> anyhow::Result<Self> {
        let child = command.map(|command| launch(command, roots)).transpose()?;
        let mut other = Self { url: url.to_owned(), host: host(url).await?, processes, child };
        let deadline = Instant::now() + LISTENS_WITHIN;
        while TcpStream::connect(other.host.addr).await.is_err() {
            if let Some(child) = &mut other.child
                && let Some(status) = child.try_wait()?
            {
                bail!("what --start started ended with {status} before it listened at {url}");
            }
            if command.is_none() || Instant::now() > deadline {
                return Err(Exit::Unreachable.because(format_args!(
                    "nothing listens at {url}: start the server, or give --url its address"
                )));
            }
            sleep(Duration::from_millis(100)).await;
        }
        Ok(other)
    }

    /// CPU time so far; `None` when no process is known.
    pub(super) fn cpu(&self) -> Option<Duration> {
        let of = |process: &String| match process.parse() {
            Ok(pid) => process::cpu(pid).unwrap_or_default(),
            Err(_) => process::cpu_of_all(process),
        };
        (!self.processes.is_empty()).then(|| self.processes.iter().map(of).sum())
    }

    /// Ends what was started, with its children.
    pub(super) async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let Some(group) = group else { return Ok(()) };
        // Those that ended by themselves need no signal.
        let _ = kill_process_group(group, Signal::TERM);
        if timeout(ENDS_WITHIN, child.wait()).await.is_err() {
            let _ = kill_process_group(group, Signal::KILL);
            child.wait().await?;
        }
        Ok(())
    }
}

fn launch(command: &str, roots: &Path) -> anyhow::Result<Child> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).env("CA_FILE", roots).process_group(0);
    shell.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    shell.spawn().context("--start needs a shell, and none can be started")
}

/// Where `url` leads to.
async fn host(url: &str) -> anyhow::Result<Host> {
    let unusable = || Exit::Usage.because(format_args!("{url} is no URL such as http://127.0.0.1:8080"));
    let uri: http::Uri = url.parse().map_err(|_| unusable())?;
    let name = uri.host().filter(|_| uri.scheme_str() == Some("http")).ok_or_else(unusable)?;
    let port = uri.port_u16().unwrap_or(80);
    let name = format!("{name}:{port}");
    let addr = tokio::net::lookup_host(&name).await.ok().and_then(|mut found| found.next());
    let addr = addr.with_context(|| format!("the host of {url} is not known"))?;
    Ok(Host { addr, name, prefix: uri.path().trim_end_matches('/').to_owned() })
}

//! What the tests stand on: the built program as a process, a TLS receiver that
//! follows a script, and a client.
//!
//! Every wait has a deadline and ends with what was seen instead.

#![allow(dead_code, unused_imports, reason = "each test binary uses a part of it")]

pub(crate) mod chance;
pub(crate) mod follow;
pub(crate) mod inbox;
pub(crate) mod server;

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

pub(crate) use chance::{Random, setting};
pub(crate) use inbox::Inbox;
pub(crate) use server::{Hook, Server};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, process::Command};
use waxwing_peers::Ca;

use crate::place::Place;

/// No wait is longer; a test that gets here fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// An operator key of tests.
pub(crate) const KEY: &str = "operator-key-for-tests-only";

/// A directory with a throw-away authority, and an empty database.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) ca: Ca,
    pub(crate) place: Place,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ca = Ca::generate("Waxwing tests").unwrap();
        std::fs::write(dir.path().join("ca.pem"), ca.pem()).unwrap();
        Self { dir, ca, place: Place::default() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The environment of a server in this world; `extra` comes on top.
    pub(crate) fn environment(&self, extra: &[(&str, &str)]) -> Vec<(String, String)> {
        let base = [
            ("LISTEN", "127.0.0.1:0".to_owned()),
            ("OPERATOR_KEY", KEY.to_owned()),
            ("EXTRA_CA_FILE", "ca.pem".to_owned()),
            ("ALLOWED_NETWORKS", "127.0.0.0/8".to_owned()),
            ("RETRY_SCHEDULE", "50ms,50ms,50ms".to_owned()),
            ("LOG_FORMAT", "json".to_owned()),
        ];
        let extra = extra.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let all = base.into_iter().chain(self.place.settings()).chain(extra);
        all.map(|(name, value)| (format!("WAXWING_{name}"), value)).collect()
    }

    /// A server that listens.
    pub(crate) async fn serve(&self, extra: &[(&str, &str)]) -> Server {
        Server::start(self.dir.path(), &self.environment(extra)).await
    }

    /// A server whose files can take no more than this many KiB: what lies
    /// beyond is refused as by a full disk.
    pub(crate) async fn serve_on_full_disk(&self, kib: u64, extra: &[(&str, &str)]) -> Server {
        self.serve_limited(&format!("trap '' XFSZ; ulimit -f {kib}"), extra).await
    }

    /// A server that a shell starts after these words, such as a `ulimit`.
    pub(crate) async fn serve_limited(&self, words: &str, extra: &[(&str, &str)]) -> Server {
        let mut shell = Command::new("bash");
        let script = format!("{words}; exec '{}' serve", env!("CARGO_BIN_EXE_waxwing"));
        shell.args(["-c", &script]).env_clear().current_dir(self.dir.path()).kill_on_drop(true);
        self.serve_as(shell, extra).await
    }

    /// A server that this command becomes.
    pub(crate) async fn serve_as(&self, command: Command, extra: &[(&str, &str)]) -> Server {
        Server::start_as(command, &self.environment(extra)).await
    }

    /// A server that is expected to end by itself: its output.
    pub(crate) async fn serve_in_vain(&self, extra: &[(&str, &str)]) -> Output {
        run_in(self.dir.path(), &["serve"], &self.environment(extra), b"").await
    }
}

/// The built program, not started, without any configuration of the caller.
pub(crate) fn waxwing(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waxwing"));
    command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(dir).stdin(Stdio::null()).kill_on_drop(true);
    if let Some(profile) = std::env::var_os("LLVM_PROFILE_FILE") {
        command.env("LLVM_PROFILE_FILE", profile);
    }
    command
}

/// Runs a command of the built program to its end.
pub(crate) async fn run_in(
    dir: &Path,
    arguments: &[&str],
    environment: &[(String, String)],
    stdin: &[u8],
) -> Output {
    let mut command = waxwing(dir);
    command.args(arguments);
    run_with(command, environment, stdin).await
}

/// Runs a command of the built program, as it was prepared, to its end.
pub(crate) async fn run_with(mut command: Command, environment: &[(String, String)], stdin: &[u8]) -> Output {
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    // A program that does not read its stdin may have closed it.
    let _ = pipe.write_all(stdin).await;
    drop(pipe);
    within(child.wait_with_output()).await.unwrap()
}

/// Runs a command with no directory, environment or input of its own.
pub(crate) async fn run(arguments: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    run_in(dir.path(), arguments, &[], b"").await
}

/// The future's result, or a failed test.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, work).await.expect("nothing happened within the deadline")
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

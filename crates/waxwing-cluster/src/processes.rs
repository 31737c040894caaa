//! Programs of the system: where they are, as whom they run, and how they end.

use std::{
    ffi::OsStr,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::time::Instant;

/// How long a program may take to answer, or to end.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Where initdb and postgres are: Debian keeps them out of the PATH.
pub(crate) fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    let found = folders.into_iter().rfind(|folder| folder.join("postgres").exists());
    found.expect("no PostgreSQL in /usr/lib/postgresql; scripts/setup.sh installs what the tests need")
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// PostgreSQL refuses to run as root.
pub(crate) fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

pub(crate) fn give_away(folder: &Path) {
    if is_root() {
        let given = Command::new("chown").arg("postgres:postgres").arg(folder).status().unwrap();
        assert!(given.success());
    }
}

/// Starts a program that is ended, and its folder deleted, when this process is gone.
pub(crate) fn on_a_leash(command: &Command, signal: &str, folder: &Path, name: &str) -> Child {
    let quoted = |word: &OsStr| format!("'{}'", word.to_str().unwrap());
    let words: Vec<String> =
        std::iter::once(command.get_program()).chain(command.get_args()).map(quoted).collect();
    let script = format!(
        "{} & cat >/dev/null; kill -{signal} $!; wait; rm -rf '{}'",
        words.join(" "),
        folder.display()
    );
    let log = std::fs::File::create(folder.join(format!("{name}.log"))).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir("/").stdin(Stdio::piped());
    shell.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn await_port(port: u16, log: &Path) {
    let started = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        let text = || std::fs::read_to_string(log).unwrap_or_default();
        assert!(started.elapsed() < PATIENCE, "nobody listens: {}", text());
        std::thread::yield_now();
    }
}

/// Waits until nothing runs in a cluster's folder any more.
pub(crate) fn await_silence(data: &Path) {
    let started = Instant::now();
    let runs_there = |process: std::fs::DirEntry| {
        std::fs::read_link(process.path().join("cwd")).is_ok_and(|folder| folder == data)
    };
    while std::fs::read_dir("/proc").unwrap().flatten().any(runs_there) {
        assert!(started.elapsed() < PATIENCE, "something goes on in {}", data.display());
        std::thread::yield_now();
    }
}

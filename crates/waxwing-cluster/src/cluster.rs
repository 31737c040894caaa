//! A PostgreSQL cluster, and a pooler before it, on free ports of the loopback. They
//! end with this process, however it ends: they hang on a pipe that only it holds open.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    time::Duration,
};

use tokio::time::Instant;

/// How long a program may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// The name of the role that may do everything, and of its first database.
pub(crate) const USER: &str = "waxwing";

/// A cluster of its own.
#[derive(Debug)]
pub struct Cluster {
    port: u16,
    pooler: u16,
    _processes: [Child; 2],
}

/// A session that holds its transaction open until it is dropped.
#[derive(Debug)]
pub struct Session {
    psql: Child,
    _input: ChildStdin,
}

impl Drop for Session {
    fn drop(&mut self) {
        // The server ends the transaction when it notices; waiting makes that soon.
        let _ = self.psql.kill();
        let _ = self.psql.wait();
    }
}

impl Cluster {
    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its pooler listens, which gives a connection for a transaction at a time.
    pub fn pooler(&self) -> u16 {
        self.pooler
    }

    /// Runs SQL in a database; what it prints.
    ///
    /// # Panics
    /// When it fails.
    pub fn execute(&self, database: &str, sql: &str) -> String {
        let done = self.psql(database).args(["-c", sql]).output().unwrap();
        assert!(done.status.success(), "{sql}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// Runs SQL in a database and holds the session that ran it, with its transaction.
    ///
    /// # Panics
    /// When psql does not run.
    pub fn hold(&self, database: &str, sql: &str) -> Session {
        let mut psql = self.psql(database).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = psql.stdin.take().unwrap();
        writeln!(input, "{sql};\n\\echo held").unwrap();
        let mut lines = BufReader::new(psql.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "held"), "psql ended");
        Session { psql, _input: input }
    }

    fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(programs().join("psql"));
        psql.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", USER, "-d", database]);
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "-v", "ON_ERROR_STOP=1"]);
        psql
    }

    /// Starts one.
    ///
    /// # Panics
    /// When PostgreSQL is not installed, or does not start.
    pub fn start() -> Self {
        // What ends the processes deletes it: a static is never dropped.
        let folder = tempfile::tempdir().unwrap().keep();
        let programs = programs();
        give_away(&folder);
        let data = folder.join("data");
        let mut initdb = as_postgres(&programs.join("initdb"));
        initdb.arg("-D").arg(&data).args([
            "-U",
            USER,
            "-A",
            "trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C",
        ]);
        let made = initdb.current_dir("/").output().unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let (port, pooler) = (free_port(), free_port());
        let mut postgres = as_postgres(&programs.join("postgres"));
        postgres.arg("-D").arg(&data);
        for setting in [
            &format!("port={port}"),
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=400",
            "fsync=off",
            "full_page_writes=off",
        ] {
            postgres.args(["-c", setting]);
        }
        let postgres = on_a_leash(&postgres, "QUIT", &folder, "postgres");
        await_port(port, &folder.join("postgres.log"));
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={port} user={USER}\n[pgbouncer]\nlisten_addr=127.0.0.1\n\
             listen_port={pooler}\nunix_socket_dir=\nauth_type=any\npool_mode=transaction\n\
             max_client_conn=2000\ndefault_pool_size=10\nmax_db_connections=10\nserver_idle_timeout=5\n\
             ignore_startup_parameters=extra_float_digits\n"
        );
        let file = folder.join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        let mut bouncer = as_postgres(Path::new("pgbouncer"));
        bouncer.arg(&file);
        let bouncer = on_a_leash(&bouncer, "TERM", &folder, "pgbouncer");
        await_port(pooler, &folder.join("pgbouncer.log"));
        Self { port, pooler, _processes: [postgres, bouncer] }
    }
}

/// Where initdb and postgres are: Debian keeps them out of the PATH.
fn programs() -> PathBuf {
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
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

fn give_away(folder: &Path) {
    if is_root() {
        let given = Command::new("chown").arg("postgres:postgres").arg(folder).status().unwrap();
        assert!(given.success());
    }
}

/// Starts a program that is ended, and its folder deleted, when this process is gone.
fn on_a_leash(command: &Command, signal: &str, folder: &Path, name: &str) -> Child {
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

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn await_port(port: u16, log: &Path) {
    let started = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        let text = || std::fs::read_to_string(log).unwrap_or_default();
        assert!(started.elapsed() < PATIENCE, "nobody listens: {}", text());
        std::thread::yield_now();
    }
}

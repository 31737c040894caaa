//! A throw-away PostgreSQL cluster, and a pooler before it, on free ports of the
//! loopback. One for a test binary; both end with it, however it ends: they hang
//! on a pipe that only this process holds open.

use std::{
    ffi::OsStr,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;
use tokio_postgres::NoTls;

static CLUSTER: LazyLock<Cluster> = LazyLock::new(Cluster::start);
static DATABASES: AtomicUsize = AtomicUsize::new(0);
/// Databases that no test uses at the moment.
static FREE: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// How long the cluster may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);

struct Cluster {
    port: u16,
    pooler: u16,
    _processes: [Child; 2],
}

/// An empty database: its addresses, straight and through the pooler. It is emptied
/// with this value and used again: to make or drop one takes a checkpoint.
pub(crate) struct Database {
    name: String,
    pub(crate) url: String,
    pub(crate) pooled: String,
}

impl Database {
    pub(crate) async fn new() -> Self {
        // Starting takes a while, and other tests of this thread need not wait.
        let cluster = tokio::task::spawn_blocking(|| &*CLUSTER).await.unwrap();
        let free = FREE.lock().unwrap().pop();
        let name = if let Some(name) = free {
            name
        } else {
            let name = format!("test{}", DATABASES.fetch_add(1, Ordering::Relaxed));
            cluster.execute("postgres", &format!("CREATE DATABASE {name}")).await;
            name
        };
        let url = |port: u16| format!("postgres://waxwing@127.0.0.1:{port}/{name}");
        Self { url: url(cluster.port), pooled: url(cluster.pooler), name }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // A runtime cannot be entered within another one.
        let empty = move || {
            // What the test left open would hold locks.
            let sql = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
                       WHERE datname = current_database() AND pid <> pg_backend_pid(); \
                       DROP SCHEMA public CASCADE; CREATE SCHEMA public";
            runtime.block_on(CLUSTER.execute(&name, sql));
            FREE.lock().unwrap().push(name);
        };
        std::thread::spawn(empty).join().unwrap();
    }
}

impl Cluster {
    async fn execute(&self, database: &str, sql: &str) {
        let url = format!("postgres://waxwing@127.0.0.1:{}/{database}", self.port);
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
    }

    fn start() -> Self {
        // What ends the processes deletes it: a static is never dropped.
        let folder = tempfile::tempdir().unwrap().keep();
        let programs = programs();
        give_away(&folder);
        let data = folder.join("data");
        let mut initdb = as_postgres(&programs.join("initdb"));
        initdb.arg("-D").arg(&data).args([
            "-U",
            "waxwing",
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
            "[databases]\n* = host=127.0.0.1 port={port} user=waxwing\n[pgbouncer]\nlisten_addr=127.0.0.1\n\
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

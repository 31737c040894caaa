//! A PostgreSQL cluster, and a pooler before it, on free ports of the loopback. They
//! end with this process, however it ends: they hang on a pipe that only it holds open.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

use tokio::time::Instant;

use crate::processes::{
    PATIENCE, as_postgres, await_port, await_silence, free_port, give_away, on_a_leash, programs,
};

/// The name of the role that may do everything, and of its first database.
pub(crate) const USER: &str = "waxwing";

/// What makes a cluster fast that nobody needs to survive anything.
const CARELESS: [&str; 2] = ["fsync=off", "full_page_writes=off"];

/// A cluster of its own.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    port: u16,
    pooler: Option<u16>,
    settings: Vec<String>,
    /// Their leashes; those of ended ones too, whose ends delete the folder.
    processes: Vec<Child>,
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
    ///
    /// # Panics
    /// When it has none.
    pub fn pooler(&self) -> u16 {
        self.pooler.expect("Cluster::start makes one with a pooler")
    }

    /// The address of a database of its own superuser.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs SQL in a database; what it prints.
    ///
    /// # Panics
    /// When it fails.
    pub fn execute(&self, database: &str, sql: &str) -> String {
        self.try_execute(database, sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The same, for a cluster that may not be up.
    ///
    /// # Errors
    /// What psql says.
    pub fn try_execute(&self, database: &str, sql: &str) -> Result<String, String> {
        let done = self.psql(database).args(["-c", sql]).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if done.status.success() { Ok(text(&done.stdout)) } else { Err(text(&done.stderr)) }
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

    /// Starts one with a pooler, fast rather than safe.
    ///
    /// # Panics
    /// When PostgreSQL is not installed, or does not start.
    pub fn start() -> Self {
        let mut cluster = Self::with(&CARELESS, "", &[]);
        cluster.start_pooler();
        cluster
    }

    /// Starts one that keeps what it acknowledged, whatever happens to it, without a pooler.
    ///
    /// # Panics
    /// As [`Cluster::start`].
    pub fn durable() -> Self {
        Self::with(&[], "", &[])
    }

    /// Starts one with these settings, these lines at the beginning of `pg_hba.conf`, and
    /// these files in its folder, which nobody else may read.
    ///
    /// # Panics
    /// As [`Cluster::start`].
    pub fn with(settings: &[&str], rules: &str, files: &[(&str, &str)]) -> Self {
        // What ends the processes deletes it: a static is never dropped.
        let folder = tempfile::tempdir().unwrap().keep();
        give_away(&folder);
        let data = folder.join("data");
        let mut initdb = as_postgres(&programs().join("initdb"));
        initdb.arg("-D").arg(&data).args(["-U", USER, "-A", "trust", "--no-sync", "-E", "UTF8"]);
        run(initdb.args(["--locale=C"]));
        let hba = data.join("pg_hba.conf");
        let trusting = std::fs::read_to_string(&hba).unwrap();
        std::fs::write(&hba, format!("{rules}\n{trusting}")).unwrap();
        for (name, text) in files {
            let file = data.join(name);
            std::fs::write(&file, text).unwrap();
            give_away(&file);
            run(Command::new("chmod").arg("600").arg(&file));
        }
        let settings = settings.iter().map(|&setting| setting.to_owned()).collect();
        let mut cluster = Self { folder, port: free_port(), pooler: None, settings, processes: Vec::new() };
        cluster.restart();
        cluster
    }

    /// Starts it (again), on the same port with the same data.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self) {
        let mut postgres = as_postgres(&programs().join("postgres"));
        postgres.arg("-D").arg(self.data());
        let port = format!("port={}", self.port);
        let always = [&port, "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=400"];
        for setting in always.into_iter().chain(self.settings.iter().map(String::as_str)) {
            postgres.args(["-c", setting]);
        }
        self.processes.push(on_a_leash(&postgres, "QUIT", &self.folder, "postgres"));
        await_port(self.port, &self.folder.join("postgres.log"));
        // It listens before it answers, all the longer after a crash.
        let started = Instant::now();
        while let Err(error) = self.try_execute(FIRST, "SELECT 1") {
            assert!(started.elapsed() < PATIENCE, "{error}");
        }
    }

    /// Kills the server in the middle of whatever it does, and waits until all of it is gone.
    ///
    /// # Panics
    /// When it is not running.
    pub fn kill(&self) {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let pid = file.lines().next().unwrap();
        run(Command::new("sh").args(["-c", &format!("kill -KILL {pid}")]));
        await_silence(&self.data());
    }

    /// A standby that follows this one, which from now on acknowledges nothing that the
    /// standby does not have.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn standby(&self) -> Self {
        let folder = tempfile::tempdir().unwrap().keep();
        give_away(&folder);
        let port = self.port.to_string();
        let mut copy = as_postgres(&programs().join("pg_basebackup"));
        copy.args(["-h", "127.0.0.1", "-p", &port, "-U", USER, "-R", "-c", "fast", "--no-sync", "-D"]);
        run(copy.arg(folder.join("data")));
        let settings = self.settings.clone();
        let mut standby = Self { folder, port: free_port(), pooler: None, settings, processes: Vec::new() };
        standby.restart();
        self.execute(FIRST, "ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.execute(FIRST, "SELECT pg_reload_conf()");
        let synchronous = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        while self.execute(FIRST, synchronous).trim() != "1" {
            std::thread::yield_now();
        }
        standby
    }

    /// Makes a standby take writes, waiting for no other standby.
    ///
    /// # Panics
    /// When it is none.
    pub fn promote(&self) {
        // It has the setting from its primary, but no standby of its own.
        self.execute(FIRST, "ALTER SYSTEM SET synchronous_standby_names = ''");
        self.execute(FIRST, "SELECT pg_reload_conf()");
        assert_eq!(self.execute(FIRST, "SELECT pg_promote(true)").trim(), "t");
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn start_pooler(&mut self) {
        let (port, pooler) = (self.port, free_port());
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={port} user={USER}\n[pgbouncer]\nlisten_addr=127.0.0.1\n\
             listen_port={pooler}\nunix_socket_dir=\nauth_type=any\npool_mode=transaction\n\
             max_client_conn=2000\ndefault_pool_size=10\nmax_db_connections=10\nserver_idle_timeout=5\n\
             ignore_startup_parameters=extra_float_digits\n"
        );
        let file = self.folder.join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        let mut bouncer = as_postgres(Path::new("pgbouncer"));
        bouncer.arg(&file);
        self.processes.push(on_a_leash(&bouncer, "TERM", &self.folder, "pgbouncer"));
        await_port(pooler, &self.folder.join("pgbouncer.log"));
        self.pooler = Some(pooler);
    }
}

/// A database that every cluster has.
const FIRST: &str = "postgres";

fn run(command: &mut Command) {
    let done = command.current_dir("/").output().unwrap();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}

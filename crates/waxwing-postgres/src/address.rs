//! Where the database is and how to get there: the URL as users of PostgreSQL know
//! it, with the parameters that the driver leaves to others (TLS, password file).

use std::{
    fmt,
    path::{Path, PathBuf},
    pin::Pin,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use deadpool_postgres::Connect;
use percent_encoding::percent_decode_str;
use tokio::task::JoinHandle;
use tokio_postgres::{
    Client, Config, Connection, Socket,
    config::{Host, SslMode, TargetSessionAttrs},
    tls::MakeTlsConnect,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    error::{Error, OpenError},
    passfile,
    sql::Result,
    tls::{self, Tls, Verify},
};

/// How long connecting to one host may take, until it has said who it is: one that
/// hangs must not keep the others from being asked.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long sent data may stay unacknowledged before a connection counts as broken.
const USER_TIMEOUT: Duration = Duration::from_secs(10);

/// A database's address, checked; connects as often as asked.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) config: Config,
    /// The same for each host by itself.
    hosts: Vec<Config>,
    /// The host to begin with: the one that did last.
    likely: Arc<AtomicUsize>,
    pub(crate) tls: MakeRustlsConnect,
}

/// The parameters that are read here.
#[derive(Default)]
struct Own {
    sslmode: Option<String>,
    passfile: Option<PathBuf>,
    files: tls::Files,
}

impl Address {
    /// Reads a URL, and the files that it names. `passfile` is looked into when the
    /// URL has neither a password nor a file of its own.
    pub(crate) fn parse(url: &str, passfile: Option<&Path>) -> Result<Self, OpenError> {
        let (rest, own) = split(url)?;
        let read = |url: &str| Config::from_str(url).map_err(|error| OpenError::Address(words(&error)));
        let mut config = read(&rest)?;
        if config.get_hosts().is_empty() {
            return Err(OpenError::Address("it names no host".into()));
        }
        let tls = own.tls()?;
        let several = config.get_hosts().len() > 1;
        let mut hosts = one_by_one(&rest).iter().map(|url| read(url)).collect::<Result<Vec<_>, _>>()?;
        for config in hosts.iter_mut().chain([&mut config]) {
            config.ssl_mode(tls.mode());
            config
                .application_name("waxwing")
                .connect_timeout(CONNECT_TIMEOUT)
                .tcp_user_timeout(USER_TIMEOUT);
            if several && !url.contains("target_session_attrs=") {
                // Of several hosts one takes writes: that one.
                config.target_session_attrs(TargetSessionAttrs::ReadWrite);
            }
        }
        if config.get_password().is_none() {
            let file =
                own.passfile.as_deref().map(|path| (path, true)).or(passfile.map(|path| (path, false)));
            if let Some((path, named)) = file
                && let Some(password) = passfile::password(path, named, &config)?
            {
                for config in hosts.iter_mut().chain([&mut config]) {
                    config.password(&password);
                }
            }
        }
        Ok(Self { config, hosts, likely: Arc::default(), tls: tls.connector(&own.files)? })
    }

    /// One connection, which ends with the client.
    pub(crate) async fn connect(&self) -> Result<Client> {
        let (client, connection) = self.open().await?;
        tokio::spawn(run(connection));
        Ok(client)
    }

    /// The first host's that will do, and what must be run for it.
    pub(crate) async fn open(&self) -> Result<(Client, Wire)> {
        let mut failure = Error::Timeout(CONNECT_TIMEOUT);
        let (count, likely) = (self.hosts.len(), self.likely.load(Relaxed));
        for index in (likely..likely + count).map(|index| index % count) {
            // Whoever loses patience with this one leaves word to begin with another.
            self.likely.store((index + 1) % count, Relaxed);
            let host = &self.hosts[index];
            match tokio::time::timeout(CONNECT_TIMEOUT, host.connect(self.tls.clone())).await {
                Ok(Ok(opened)) => {
                    self.likely.store(index, Relaxed);
                    return Ok(opened);
                }
                Ok(Err(error)) => failure = error.into(),
                Err(_) => {}
            }
        }
        Err(failure)
    }

    /// How long all hosts together may take.
    pub(crate) fn patience(&self) -> Duration {
        CONNECT_TIMEOUT * u32::try_from(self.hosts.len()).unwrap_or(u32::MAX) + Duration::from_secs(1)
    }
}

type Wire = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

async fn run(connection: Wire) {
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection to the database ended");
    }
}

/// For the pool.
impl Connect for Address {
    fn connect(
        &self,
        _: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), tokio_postgres::Error>> + Send + '_>>
    {
        Box::pin(async move {
            match self.open().await {
                Ok((client, connection)) => Ok((client, tokio::spawn(run(connection)))),
                Err(Error::Postgres(error)) => Err(error),
                // Nobody answered; the pool has run out of patience or is about to.
                Err(_) => std::future::pending().await,
            }
        })
    }
}

/// The address with each of its hosts alone.
fn one_by_one(url: &str) -> Vec<String> {
    let split = || {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (format!("{user}@"), hosts),
            None => (String::new(), authority),
        };
        // Hosts may stand in the parameters instead, all or none of them.
        let listed = !path.contains("host=") && !path.contains("hostaddr=");
        listed.then(|| hosts.split(',').map(|host| format!("{scheme}://{user}{host}{path}")).collect())
    };
    split().unwrap_or_else(|| vec![url.to_owned()])
}

impl fmt::Display for Address {
    /// Hosts and database, without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hosts, ports) = (self.config.get_hosts(), self.config.get_ports());
        let host = |(index, host): (usize, &Host)| {
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) => format!("{name}:{port}"),
                Host::Unix(path) => path.display().to_string(),
            }
        };
        let hosts: Vec<String> = hosts.iter().enumerate().map(host).collect();
        let name = self.config.get_dbname().or(self.config.get_user()).unwrap_or_default();
        write!(f, "postgres://{}/{name}", hosts.join(","))
    }
}

impl Own {
    fn tls(&self) -> Result<Tls, OpenError> {
        let has_roots = self.files.roots.is_some();
        let tls = |mode, verify| Tls { mode, verify };
        Ok(match self.sslmode.as_deref() {
            Some("disable") => tls(SslMode::Disable, Verify::Nothing),
            None | Some("allow" | "prefer") => tls(SslMode::Prefer, Verify::Nothing),
            // As libpq does it: roots that are given are used.
            Some("require") if has_roots => tls(SslMode::Require, Verify::Chain),
            Some("require") => tls(SslMode::Require, Verify::Nothing),
            Some("verify-ca") => tls(SslMode::Require, Verify::Chain),
            Some("verify-full") => tls(SslMode::Require, Verify::ChainAndName),
            Some(other) => {
                return Err(OpenError::Address(format!(
                    "sslmode {other:?} is none of disable, allow, prefer, require, verify-ca, verify-full"
                )));
            }
        })
    }
}

/// The URL without the parameters that the driver does not know, and those.
fn split(url: &str) -> Result<(String, Own), OpenError> {
    let mut own = Own::default();
    let Some((base, query)) = url.split_once('?') else { return Ok((url.to_owned(), own)) };
    let mut rest = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = percent_decode_str(value)
            .decode_utf8()
            .map_err(|_| OpenError::Address(format!("the parameter {key} is not UTF-8")))?
            .into_owned();
        match key {
            "sslmode" => own.sslmode = Some(decoded),
            "passfile" => own.passfile = Some(decoded.into()),
            "sslrootcert" if decoded == "system" => own.files.roots = None,
            "sslrootcert" => own.files.roots = Some(decoded.into()),
            "sslcert" => own.files.certificate = Some(decoded.into()),
            "sslkey" => own.files.key = Some(decoded.into()),
            _ => rest.push(pair),
        }
    }
    let rest = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
    Ok((rest, own))
}

/// What the driver says, which it leaves in part to its source.
fn words(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => source.to_string(),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Address, OpenError> {
        Address::parse(url, None)
    }

    fn refusal(url: &str) -> String {
        parse(url).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn an_address_is_shown_without_user_and_password() {
        let address = parse("postgres://me:pass%20word@db.example:6432/events?sslmode=disable").unwrap();
        assert_eq!(address.to_string(), "postgres://db.example:6432/events");
        assert_eq!(address.config.get_password(), Some(&b"pass word"[..]));
        let two = parse("postgresql://me@one:5432,two:5433/events").unwrap();
        assert_eq!(two.to_string(), "postgres://one:5432,two:5433/events");
    }

    #[test]
    fn of_several_hosts_the_one_that_takes_writes_is_wanted() {
        let attributes = |url| parse(url).unwrap().config.get_target_session_attrs();
        assert_eq!(attributes("postgres://me@one,two/events"), TargetSessionAttrs::ReadWrite);
        assert_eq!(attributes("postgres://me@one/events"), TargetSessionAttrs::Any);
        assert_eq!(
            attributes("postgres://me@one,two/events?target_session_attrs=any"),
            TargetSessionAttrs::Any
        );
    }

    #[test]
    fn each_host_is_asked_by_itself() {
        let address = parse("postgres://me:a%40b@one:5432,two:5433/events?connect_timeout=9").unwrap();
        let hosts: Vec<_> =
            address.hosts.iter().map(|host| (host.get_hosts().len(), host.get_ports()[0])).collect();
        assert_eq!(hosts, [(1, 5432), (1, 5433)]);
        for host in &address.hosts {
            assert_eq!(host.get_password(), Some(&b"a@b"[..]));
            assert_eq!(host.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
            assert_eq!(host.get_dbname(), Some("events"));
        }
        assert_eq!(parse("postgres://me@one/events?hostaddr=127.0.0.1").unwrap().hosts.len(), 1);
    }

    #[test]
    fn the_modes_of_tls_are_those_that_users_know() {
        let mode = |query: &str| {
            let url = format!("postgres://me@db/events?{query}");
            let (_, own) = split(&url).unwrap();
            let tls = own.tls().unwrap();
            (tls.mode, tls.verify)
        };
        assert_eq!(mode(""), (SslMode::Prefer, Verify::Nothing));
        assert_eq!(mode("sslmode=disable"), (SslMode::Disable, Verify::Nothing));
        assert_eq!(mode("sslmode=require"), (SslMode::Require, Verify::Nothing));
        assert_eq!(mode("sslmode=require&sslrootcert=/ca.pem"), (SslMode::Require, Verify::Chain));
        assert_eq!(mode("sslmode=verify-ca"), (SslMode::Require, Verify::Chain));
        assert_eq!(mode("sslmode=verify-full"), (SslMode::Require, Verify::ChainAndName));
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_the_reason() {
        let cases = [
            ("postgres://me@db/events?sslmode=on", "sslmode"),
            ("postgres://me@db/events?sslmod=require", "sslmod"),
            ("postgres:///events", "no host"),
            ("postgres://me@db:many/events", "port"),
            ("postgres://me@db/events?sslmode=verify-full&sslrootcert=/nowhere/ca.pem", "/nowhere/ca.pem"),
            ("postgres://me@db/events?passfile=/nowhere/pgpass", "/nowhere/pgpass"),
            ("postgres://me@db/events?sslcert=/nowhere/client.crt", "sslkey"),
        ];
        for (url, expected) in cases {
            assert!(refusal(url).contains(expected), "{url}: {}", refusal(url));
        }
    }
}

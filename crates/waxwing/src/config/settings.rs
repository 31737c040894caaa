//! The settings as the program uses them.
//!
//! Everything is checked here, before anything is opened or bound, and all
//! mistakes are told at once.

use std::{fmt, path::PathBuf, time::Duration};

use anyhow::bail;
use waxwing_api::AccessOptions;
use waxwing_core::{RetrySchedule, TargetPolicy, target::TargetRules};
use zeroize::Zeroizing;

use super::{
    Effective, Environment, Flags, dashboard, encryption::Encryption, limits::Limits, parse, targets,
};
use crate::exit::Exit;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

/// Where everything is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Database {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database, by its URL, which may hold a password.
    Postgres(String),
}

impl fmt::Display for Database {
    /// Without a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&parse::without_password(url)),
        }
    }
}

/// The shape of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A secret that was given as such or as a file that holds it.
#[derive(Clone)]
pub(crate) struct Given {
    /// The secret itself.
    pub(crate) value: Option<Zeroizing<String>>,
    /// Where it can be read.
    pub(crate) file: Option<PathBuf>,
}

/// How deliveries are made.
#[derive(Clone)]
pub(crate) struct Sending {
    /// Bound of one attempt.
    pub(crate) request_timeout: Duration,
    /// Bound of connecting.
    pub(crate) connect_timeout: Duration,
    /// Waits between attempts.
    pub(crate) schedule: RetrySchedule,
    /// When a failing webhook is disabled.
    pub(crate) disable_after: Duration,
    /// Attempts at once.
    pub(crate) in_flight: usize,
    /// Attempts at once to one webhook.
    pub(crate) in_flight_per_webhook: usize,
    /// PEM roots.
    pub(crate) extra_ca_file: Option<PathBuf>,
    /// Where they may go.
    pub(crate) rules: TargetRules,
    /// The URL of the proxy that they go out by.
    pub(crate) proxy: Given,
    /// Whether a payload goes once every delivery of it was made.
    pub(crate) drop_payloads: bool,
    /// How long finished deliveries are kept.
    pub(crate) retention: Duration,
}

/// Where a certificate and its key are.
#[derive(Debug, Clone)]
pub(crate) struct TlsFiles {
    /// The certificate and its chain.
    pub(crate) certificate: PathBuf,
    /// The private key.
    pub(crate) key: PathBuf,
}

/// What the server runs with.
#[derive(Clone)]
pub(crate) struct Settings {
    /// The API's address.
    pub(crate) listen: String,
    /// What the API shows over TLS, if it speaks it.
    pub(crate) tls: Option<TlsFiles>,
    /// The metrics' own address.
    pub(crate) metrics_listen: Option<String>,
    /// Where everything is kept.
    pub(crate) database: Database,
    /// Connections to PostgreSQL at most.
    pub(crate) database_connections: usize,
    /// Where PostgreSQL's password may be.
    pub(crate) database_passfile: Option<PathBuf>,
    /// The first operator key.
    pub(crate) operator_key: Given,
    /// What seals the keys that seal secrets.
    pub(crate) encryption: Encryption,
    /// This node's name, if it was given one.
    pub(crate) node: Option<String>,
    /// How long this node may be silent before another one takes its work over.
    pub(crate) lease: Duration,
    /// How deliveries are made.
    pub(crate) sending: Sending,
    /// How long an old secret stays valid.
    pub(crate) rotation_grace: Duration,
    /// What the API accepts.
    pub(crate) limits: Limits,
    /// Bounds of those who ask the API.
    pub(crate) access: AccessOptions,
    /// The page for people.
    pub(crate) dashboard: dashboard::Settings,
    /// How long a stopping server waits.
    pub(crate) shutdown_timeout: Duration,
    /// Which lines are logged.
    pub(crate) log: String,
    /// How.
    pub(crate) log_format: LogFormat,
}

impl Settings {
    /// Those of a command with these flags, in the environment of this process.
    ///
    /// # Errors
    /// As [`Settings::read`], with the exit code of wrong usage.
    pub(crate) fn of_process(flags: &Flags) -> anyhow::Result<Self> {
        let effective = Effective::load(flags, &Environment::of_process());
        effective
            .and_then(|effective| Self::read(&effective))
            .map_err(|error| Exit::Usage.because(format_args!("{error:#}")))
    }

    /// Reads every value.
    ///
    /// # Errors
    /// One line for each value that cannot be used.
    pub(crate) fn read(effective: &Effective) -> anyhow::Result<Self> {
        let mut reader = Reader { effective, problems: Vec::new() };
        let settings = reader.settings();
        match settings {
            Some(settings) if reader.problems.is_empty() => Ok(settings),
            _ => bail!("{}", reader.problems.join("\n")),
        }
    }
}

impl Sending {
    /// Where deliveries may go.
    pub(crate) fn policy(&self) -> TargetPolicy {
        TargetPolicy::of(self.rules.clone())
    }
}

/// Reads values and notes what is wrong with them.
pub(super) struct Reader<'a> {
    effective: &'a Effective,
    pub(super) problems: Vec<String>,
}

impl Reader<'_> {
    /// `None` when there is no value or it cannot be used; the latter is noted.
    pub(super) fn optional<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let entry = self.effective.entry(key)?;
        let text = entry.text.as_ref()?.as_str();
        parse(text)
            .map_err(|problem| {
                let shown = if entry.setting.secret {
                    String::new()
                } else {
                    format!(" {:?}", parse::without_password(text))
                };
                self.problems.push(format!("{}:{shown} {problem}.", entry.name()));
            })
            .ok()
    }

    /// As [`Reader::optional`], but absence is noted too.
    pub(super) fn required<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let absent = self.effective.entry(key).is_none_or(|entry| entry.text.is_none());
        if absent {
            self.problems.push(format!("{key}: no value was given."));
        }
        self.optional(key, parse)
    }

    pub(super) fn given(
        &mut self,
        value: &str,
        file: &str,
        parse: impl Fn(&str) -> Result<Zeroizing<String>, String>,
    ) -> Given {
        let given = Given { value: self.optional(value, parse), file: self.optional(file, parse::path) };
        if given.value.is_some() && given.file.is_some() {
            self.problems.push(format!("{value} and {file} were both given; give one of them."));
        }
        given
    }

    fn tls(&mut self) -> Option<TlsFiles> {
        let certificate = self.optional("tls_certificate_file", parse::path);
        let key = self.optional("tls_key_file", parse::path);
        if certificate.is_some() != key.is_some() {
            self.problems.push("tls_certificate_file and tls_key_file belong together; give both.".into());
        }
        Some(TlsFiles { certificate: certificate?, key: key? })
    }

    fn settings(&mut self) -> Option<Settings> {
        let listen = self.required("listen", parse::address);
        let tls = self.tls();
        let metrics_listen = self.optional("metrics_listen", parse::address);
        let database = self.required("database", parse::database);
        let database_connections = self.required("database_connections", parse::number(3, 1_000));
        let database_passfile = self.optional("database_passfile", parse::path);
        let operator_key = self.given("operator_key", "operator_key_file", parse::operator_key);
        let encryption = self.encryption();
        let node = self.optional("node", parse::node);
        let lease = self.required("lease", parse::duration(2 * SECOND, 3_600 * SECOND));
        let sending = self.sending();
        let rotation_grace = self.required("rotation_grace", parse::duration(Duration::ZERO, 365 * DAY));
        let limits = self.limits();
        let access = self.access();
        let dashboard = self.dashboard();
        let shutdown_timeout =
            self.required("shutdown_timeout", parse::duration(Duration::ZERO, 3_600 * SECOND));
        let log = self.required("log", parse::log_filter);
        let log_format = self.required("log_format", parse::log_format);
        Some(Settings {
            listen: listen?,
            tls,
            metrics_listen,
            database: database?,
            database_connections: database_connections?,
            database_passfile,
            operator_key,
            encryption,
            node,
            lease: lease?,
            sending: sending?,
            rotation_grace: rotation_grace?,
            limits: limits?,
            access: access?,
            dashboard: dashboard?,
            shutdown_timeout: shutdown_timeout?,
            log: log?,
            log_format: log_format?,
        })
    }

    fn sending(&mut self) -> Option<Sending> {
        let request_timeout = self.required("request_timeout", parse::duration(SECOND / 10, 300 * SECOND));
        let connect_timeout = self.required("connect_timeout", parse::duration(SECOND / 10, 300 * SECOND));
        let schedule = self.required("retry_schedule", |text| {
            RetrySchedule::parse(text).map_err(|error| {
                format!(
                    "is no retry schedule: {error}; write waits separated by commas, such as 1m,5m,30m,2h"
                )
            })
        });
        let disable_after = self.required("disable_after", parse::duration(SECOND, 3_650 * DAY));
        let in_flight = self.required("in_flight", parse::number(1, 100_000));
        let in_flight_per_webhook = self.required("in_flight_per_webhook", parse::number(1, 100_000));
        let extra_ca_file = self.optional("extra_ca_file", parse::path);
        let rules = self.rules();
        let proxy = self.given("proxy", "proxy_file", parse::proxy);
        let drop_payloads = self.required("keep_payloads", parse::until_delivered);
        // Publishing is idempotent for as long as an event is kept: at least a day.
        let retention = self.required("retention", parse::duration(DAY, 36_500 * DAY));
        let request_timeout = request_timeout?;
        Some(Sending {
            request_timeout,
            // A bound of connecting beyond the bound of the whole says nothing.
            connect_timeout: connect_timeout?.min(request_timeout),
            schedule: schedule?,
            disable_after: disable_after?,
            in_flight: in_flight?,
            in_flight_per_webhook: in_flight_per_webhook?,
            extra_ca_file,
            rules,
            proxy,
            drop_payloads: drop_payloads?,
            retention: retention?,
        })
    }

    fn access(&mut self) -> Option<AccessOptions> {
        let rate = |text: &str| {
            parse::number(0, 1_000_000)(text).map(|rate| u32::try_from(rate).unwrap_or(u32::MAX))
        };
        let failures_per_minute = self.required("max_auth_failures_per_minute", rate);
        let account_requests_per_second = self.required("max_account_key_requests_per_second", rate);
        let operator_requests_per_second = self.required("max_operator_key_requests_per_second", rate);
        let trusted_proxies = self.optional("trusted_proxies", targets::networks);
        Some(AccessOptions {
            failures_per_minute: failures_per_minute?,
            account_requests_per_second: account_requests_per_second?,
            operator_requests_per_second: operator_requests_per_second?,
            trusted_proxies: trusted_proxies.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> anyhow::Result<Settings> {
        Settings::read(&Effective::load(&Flags::default(), &Environment::of(variables))?)
    }

    #[test]
    fn the_defaults_are_those_of_the_contract() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.listen, "127.0.0.1:8080");
        assert_eq!(settings.database, Database::Sqlite("waxwing.db".into()));
        assert_eq!(settings.sending.request_timeout, 5 * SECOND);
        assert_eq!(settings.sending.retention, 30 * DAY);
        assert_eq!(settings.sending.disable_after, 5 * DAY);
        assert_eq!(settings.limits.event_bytes, 256 << 10);
        assert_eq!(settings.rotation_grace, DAY);
    }

    #[test]
    fn every_mistake_is_told_at_once_and_no_secret_is_shown() {
        let error = read(&[
            ("WAXWING_REQUEST_TIMEOUT", "5 seconds please"),
            ("WAXWING_RETENTION", "1h"),
            ("WAXWING_OPERATOR_KEY", "hunter2"),
            ("WAXWING_DATABASE", "mysql://me:hunter2@localhost/waxwing"),
        ]);
        let Err(error) = error else { panic!("accepted") };
        let error = error.to_string();
        assert_eq!(error.lines().count(), 4, "{error}");
        assert!(
            error.contains("WAXWING_REQUEST_TIMEOUT: \"5 seconds please\" is no length of time"),
            "{error}"
        );
        assert!(error.contains("WAXWING_RETENTION: \"1h\" is out of bounds; write 1day to"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn a_postgres_database_is_shown_without_its_password() {
        let url = "postgres://me:hunter2@one,two:5433/events?sslmode=verify-full";
        let database = read(&[("WAXWING_DATABASE", url)]).unwrap().database;
        assert_eq!(database, Database::Postgres(url.into()));
        assert_eq!(database.to_string(), "postgres://me:***@one,two:5433/events?sslmode=verify-full");
    }

    #[test]
    fn a_certificate_needs_its_key_and_a_key_its_certificate() {
        for one in ["WAXWING_TLS_CERTIFICATE_FILE", "WAXWING_TLS_KEY_FILE"] {
            let Err(error) = read(&[(one, "x.pem")]) else { panic!("{one} alone was accepted") };
            assert!(error.to_string().contains("belong together"), "{error}");
        }
        let both = read(&[("WAXWING_TLS_CERTIFICATE_FILE", "x.pem"), ("WAXWING_TLS_KEY_FILE", "y.pem")]);
        assert!(both.unwrap().tls.is_some());
    }

    #[test]
    fn a_secret_and_its_file_exclude_each_other() {
        let both = [("WAXWING_ENCRYPTION_KEY", "x"), ("WAXWING_ENCRYPTION_KEY_FILE", "y")];
        assert!(read(&both).is_err());
    }
}

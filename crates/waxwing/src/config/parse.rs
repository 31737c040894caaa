//! Reading single values. Every error says what to write instead.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use waxwing_core::schedule::parse_duration;
use waxwing_delivery::https::proxy::Proxy;
use zeroize::Zeroizing;

use super::{Database, LogFormat};

type Result<T> = std::result::Result<T, String>;

/// An address to listen on: `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`.
pub(super) fn address(text: &str) -> Result<String> {
    if text.parse::<SocketAddr>().is_ok() {
        return Ok(text.to_owned());
    }
    let example = "write an address and a port, such as 127.0.0.1:8080, or 0.0.0.0:8080 for every interface";
    let Some((host, port)) = text.rsplit_once(':') else {
        return Err(format!("has no port; {example}"));
    };
    if port.parse::<u16>().is_err() {
        return Err(format!("has no port number from 0 to 65535; {example}"));
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
    if host.is_empty() || !host.bytes().all(plain) {
        return Err(format!("is no address; {example}"));
    }
    Ok(text.to_owned())
}

/// `sqlite:<path>` or `postgres://…`; what the latter holds is looked at by its store.
pub(crate) fn database(text: &str) -> Result<Database> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Ok(Database::Postgres(text.to_owned()));
    }
    let Some(path) = text.strip_prefix("sqlite:") else {
        return Err("is no database URL; write sqlite:<path>, such as sqlite:waxwing.db, or \
                    postgres://user:password@host:5432/name"
            .into());
    };
    let path = path.strip_prefix("//").unwrap_or(path);
    match path {
        "" => Err("names no file; write sqlite:<path>, such as sqlite:waxwing.db".into()),
        ":memory:" => Err("would lose every event at the end; write the path of a file on a disk".into()),
        path => Ok(Database::Sqlite(PathBuf::from(path))),
    }
}

/// A URL with *** in place of its password; other text as it is.
pub(crate) fn without_password(text: &str) -> String {
    let shown = || {
        let (scheme, rest) = text.split_once("://")?;
        let authority = rest.split(['/', '?']).next()?;
        // A password may hold an @ itself.
        let (login, _) = authority.rsplit_once('@')?;
        let (user, _) = login.split_once(':')?;
        Some(format!("{scheme}://{user}:***{}", &rest[login.len()..]))
    };
    shown().unwrap_or_else(|| text.to_owned())
}

/// A length of time within bounds.
pub(super) fn duration(least: Duration, most: Duration) -> impl Fn(&str) -> Result<Duration> {
    move |text| {
        let duration = parse_duration(text).map_err(
            |_| "is no length of time; write a number and a unit, such as 500ms, 5s, 1m, 2h or 30d",
        )?;
        if (least..=most).contains(&duration) {
            return Ok(duration);
        }
        let [least, most] = [least, most].map(humantime::format_duration);
        Err(format!("is out of bounds; write {least} to {most}"))
    }
}

/// A whole number within bounds.
pub(super) fn number(least: usize, most: usize) -> impl Fn(&str) -> Result<usize> {
    move |text| match text.replace('_', "").parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("is out of bounds; write a whole number from {least} to {most}")),
    }
}

/// Until when payloads are kept: `delivered` is true, `retention` false.
pub(super) fn until_delivered(text: &str) -> Result<bool> {
    match text {
        "retention" => Ok(false),
        "delivered" => Ok(true),
        _ => Err("is neither; write retention or delivered".into()),
    }
}

/// A path.
#[expect(clippy::unnecessary_wraps, reason = "it stands where the others do")]
pub(super) fn path(text: &str) -> Result<PathBuf> {
    Ok(PathBuf::from(text))
}

/// A node's name.
pub(super) fn node(text: &str) -> Result<String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
        return Ok(text.to_owned());
    }
    Err("is no name for a node; write 1 to 64 of A-Z a-z 0-9 . - _".into())
}

/// An operator key that was chosen by the operator. It is kept as a fast hash, so that
/// it must be random: what is surely not is refused.
pub(crate) fn operator_key(text: &str) -> Result<Zeroizing<String>> {
    const DIFFERENT: usize = 8;
    let text = text.trim();
    let different = text.bytes().collect::<std::collections::BTreeSet<u8>>().len();
    if (20..=256).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
        if different >= DIFFERENT {
            return Ok(Zeroizing::new(text.to_owned()));
        }
        return Err(format!(
            "is easily guessed: fewer than {DIFFERENT} of its characters differ; take what `openssl rand -base64 32` prints"
        ));
    }
    Err("is no operator key; write 20 to 256 printable ASCII characters that nobody can guess (`openssl rand -base64 32`)".into())
}

/// The URL of a proxy.
pub(crate) fn proxy(text: &str) -> Result<Zeroizing<String>> {
    match Proxy::parse(text) {
        Ok(_) => Ok(Zeroizing::new(text.to_owned())),
        Err(error) => Err(error.to_string()),
    }
}

/// A filter of log lines.
pub(super) fn log_filter(text: &str) -> Result<String> {
    match tracing_subscriber::EnvFilter::builder().parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("is no log filter; write error, warn, info, debug, trace, or module=level pairs separated by commas".into()),
    }
}

/// The shape of log lines.
pub(super) fn log_format(text: &str) -> Result<LogFormat> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("is no log format; write text or json".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_need_a_host_and_a_port() {
        for text in ["127.0.0.1:8080", "[::1]:0", "localhost:80", "0.0.0.0:1"] {
            assert!(address(text).is_ok(), "{text}");
        }
        for text in ["", "8080", ":8080", "localhost", "localhost:", "localhost:x", "a b:1", "1.2.3.4:70000"]
        {
            assert!(address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn databases_are_sqlite_files_or_on_postgres() {
        for (text, path) in
            [("sqlite:a.db", "a.db"), ("sqlite:///var/a.db", "/var/a.db"), ("sqlite:/a.db", "/a.db")]
        {
            assert_eq!(database(text), Ok(Database::Sqlite(path.into())), "{text}");
        }
        for url in ["postgres://localhost/w", "postgresql://me:secret@one,two/w?sslmode=require"] {
            assert_eq!(database(url), Ok(Database::Postgres(url.into())));
        }
        for text in ["a.db", "sqlite:", "sqlite::memory:", "mysql://x"] {
            assert!(database(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_is_taken_out_of_a_url_wherever_it_is() {
        for (text, shown) in [
            ("postgres://me:p@ss:w@db:5432/w?a=b", "postgres://me:***@db:5432/w?a=b"),
            ("postgres://me@db/w", "postgres://me@db/w"),
            ("postgres://db/w", "postgres://db/w"),
            ("sqlite:a@b:c.db", "sqlite:a@b:c.db"),
        ] {
            assert_eq!(without_password(text), shown);
        }
    }

    #[test]
    fn operator_keys_are_long_and_not_made_of_few_characters() {
        assert_eq!(
            operator_key(" 0123456789abcdef0123\n"),
            Ok(Zeroizing::new("0123456789abcdef0123".to_owned()))
        );
        assert!(operator_key("0123456789abcdef012").unwrap_err().contains("20 to 256"));
        assert!(operator_key("0123456789 abcdef0123").unwrap_err().contains("20 to 256"));
        for weak in ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "testtesttesttesttesttest"] {
            assert!(operator_key(weak).unwrap_err().contains("easily guessed"), "{weak}");
        }
    }

    #[test]
    fn durations_and_numbers_name_their_bounds() {
        let parse = duration(Duration::from_secs(1), Duration::from_mins(1));
        assert_eq!(parse("5s"), Ok(Duration::from_secs(5)));
        assert!(parse("2m").unwrap_err().contains("1s to 1m"));
        assert!(parse("soon").unwrap_err().contains("such as"));
        assert_eq!(number(1, 10_000)("1_000"), Ok(1000));
        assert!(number(1, 10)("0").unwrap_err().contains("1 to 10"));
    }
}

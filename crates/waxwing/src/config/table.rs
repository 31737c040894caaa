//! Every setting, on one page.
//!
//! The key is the name in the TOML file; with dashes it is the flag, in capitals
//! after `WAXWING_` the environment variable. Secrets have no flag, because
//! other users of a machine can read command lines.

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Its key in the TOML file.
    pub(crate) key: &'static str,
    /// What the help shows in place of a value.
    pub(crate) value: &'static str,
    /// What holds when nobody says otherwise; empty for nothing.
    pub(crate) default: &'static str,
    /// What it means.
    pub(crate) help: &'static str,
    /// Whether its value must never be shown.
    pub(crate) secret: bool,
}

impl Setting {
    /// The environment variable.
    pub(crate) fn variable(&self) -> String {
        format!("WAXWING_{}", self.key.to_ascii_uppercase())
    }

    /// The flag without its dashes in front.
    pub(crate) fn flag(&self) -> String {
        self.key.replace('_', "-")
    }
}

/// The setting with this key.
pub(crate) fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

const fn setting(
    key: &'static str,
    value: &'static str,
    default: &'static str,
    help: &'static str,
) -> Setting {
    Setting { key, value, default, help, secret: false }
}

const fn secret(key: &'static str, help: &'static str) -> Setting {
    Setting { key, value: "SECRET", default: "", help, secret: true }
}

/// In the order in which the help shows them.
pub(crate) const SETTINGS: &[Setting] = &[
    setting("listen", "ADDRESS", "127.0.0.1:8080", "Address of the API; port 0 takes a free one"),
    setting(
        "tls_certificate_file",
        "FILE",
        "",
        "Speak TLS at the API's address with this certificate and its chain, PEM; read again when it changes",
    ),
    setting("tls_key_file", "FILE", "", "The certificate's private key, PEM"),
    setting("metrics_listen", "ADDRESS", "", "Serve /metrics at this address, and there alone"),
    setting(
        "database",
        "URL",
        "sqlite:waxwing.db",
        "Where everything is kept: sqlite:<path> or postgres://user:password@host:5432/name",
    ),
    setting("database_connections", "NUMBER", "10", "Connections to PostgreSQL at most, 3 or more"),
    setting(
        "database_passfile",
        "FILE",
        "",
        "PostgreSQL password file, for a URL without a password [default: ~/.pgpass]",
    ),
    secret("operator_key", "The first operator key; made at the first start and printed once if absent"),
    setting("operator_key_file", "FILE", "", "Read the first operator key from this file"),
    secret("encryption_key", "32 bytes in base64 that seal the keys that seal the webhooks' secrets"),
    setting(
        "encryption_key_file",
        "FILE",
        "",
        "Read the encryption key from this file [default: <database path>.key, made at the first start]",
    ),
    setting(
        "encryption_key_command",
        "COMMAND",
        "",
        "Run this command, which prints the encryption key, and previous ones behind it",
    ),
    secret(
        "previous_encryption_keys",
        "Encryption keys of before, separated by commas: they open what they sealed",
    ),
    setting("previous_encryption_keys_file", "FILE", "", "Read them from this file, one a line"),
    setting(
        "node",
        "NAME",
        "",
        "Name of this server among those that share a database [default: local; on PostgreSQL host name and port]",
    ),
    setting(
        "lease",
        "DURATION",
        "30s",
        "How long this server may be silent before another one takes its work over; at least twice request_timeout",
    ),
    setting("request_timeout", "DURATION", "5s", "Bound of one attempt, the whole exchange"),
    setting("connect_timeout", "DURATION", "3s", "Bound of connecting within an attempt"),
    setting(
        "retry_schedule",
        "DURATIONS",
        "1m,5m,30m,2h,6h,24h",
        "Waits between attempts, separated by commas",
    ),
    setting("disable_after", "DURATION", "5d", "Disable a webhook whose every attempt failed for this long"),
    setting("in_flight", "NUMBER", "1024", "Attempts under way at once"),
    setting("in_flight_per_webhook", "NUMBER", "32", "Attempts under way at once to one webhook"),
    setting("extra_ca_file", "FILE", "", "PEM certificates trusted besides the public roots"),
    setting(
        "allowed_networks",
        "CIDRS",
        "",
        "Networks that deliveries may reach although they are not public, such as 10.0.0.0/8",
    ),
    setting("denied_networks", "CIDRS", "", "Networks that deliveries may not reach, whatever is allowed"),
    setting(
        "denied_hosts",
        "HOSTS",
        "",
        "Hosts that no webhook may name: hooks.example.com, or *.example.com for all below it",
    ),
    setting(
        "allowed_ports",
        "PORTS",
        "",
        "The only ports that webhooks may name, such as 443,8000-8999 [default: all but those that browsers block]",
    ),
    setting("denied_ports", "PORTS", "", "Ports that no webhook may name"),
    setting(
        "nat64_prefixes",
        "CIDRS",
        "",
        "Prefixes by which your network translates IPv6 to IPv4: their addresses are judged as the IPv4 in them",
    ),
    secret("proxy", "Proxy that deliveries go out by: http://user:password@host:port or socks5://host:port"),
    setting("proxy_file", "FILE", "", "Read the proxy's URL from this file"),
    setting(
        "keep_payloads",
        "UNTIL",
        "retention",
        "How long payloads are kept: retention, as long as their events; or delivered, until every delivery was made",
    ),
    setting(
        "retention",
        "DURATION",
        "30d",
        "How long finished deliveries and their events are kept, at least 24h",
    ),
    setting("rotation_grace", "DURATION", "24h", "How long the old secret stays valid after a rotation"),
    setting("max_event_bytes", "BYTES", "262144", "Largest event"),
    setting("max_batch_events", "NUMBER", "1000", "Most events of one batch"),
    setting("max_webhooks_per_account", "NUMBER", "1000", "Most webhooks of one account"),
    setting("max_patterns_per_webhook", "NUMBER", "100", "Most event patterns of one webhook"),
    setting(
        "max_auth_failures_per_minute",
        "NUMBER",
        "60",
        "Most requests with a key that is not valid from one address; 0 sets no bound",
    ),
    setting(
        "max_account_key_requests_per_second",
        "NUMBER",
        "100",
        "Most requests with one account key or portal token; 0 sets no bound",
    ),
    setting(
        "max_operator_key_requests_per_second",
        "NUMBER",
        "0",
        "Most requests with one key of the operator; 0 sets no bound",
    ),
    setting(
        "trusted_proxies",
        "CIDRS",
        "",
        "Proxies in front whose X-Forwarded-For or Forwarded is believed, such as 10.0.0.0/8",
    ),
    setting(
        "max_connections",
        "NUMBER",
        "4096",
        "Connections to the API at once; one address may have half of them",
    ),
    setting("dashboard", "on|off", "on", "Serve the dashboard below /dashboard/"),
    setting(
        "dashboard_url",
        "URL",
        "",
        "Where people reach the dashboard, for links to it, such as https://hooks.example.com/dashboard",
    ),
    setting(
        "dashboard_frame_ancestors",
        "ORIGINS",
        "",
        "Sites that may show the dashboard in a frame, such as https://app.example.com [default: none]",
    ),
    setting("dashboard_name", "NAME", "", "What the dashboard calls your product"),
    setting("dashboard_logo_file", "FILE", "", "Its logo there, SVG or PNG, read at the start"),
    setting("dashboard_accent", "COLOUR", "#2f5bd0", "Colour of links and buttons on a light page"),
    setting("dashboard_accent_dark", "COLOUR", "#8fb0ff", "The same on a dark page"),
    setting("dashboard_scheme", "SCHEME", "auto", "light, dark, or auto: as a reader's system has it"),
    setting(
        "shutdown_timeout",
        "DURATION",
        "20s",
        "How long a stopping server waits for requests and attempts under way",
    ),
    setting(
        "log",
        "FILTER",
        "info",
        "What is logged: error, warn, info, debug, trace, or a filter such as info,waxwing_delivery=debug",
    ),
    setting("log_format", "FORMAT", "text", "How it is logged: text or json"),
];

/// The parts of a list: space or commas are between them.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty())
}

/// Environment variables that are no settings of the server, but known to some command.
pub(crate) const OTHER_VARIABLES: &[&str] =
    &["WAXWING_CONFIG", "WAXWING_URL", "WAXWING_KEY", "WAXWING_API_KEY", "WAXWING_ACCOUNT", "WAXWING_SECRET"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_and_spelled_like_toml_keys() {
        for (at, setting) in SETTINGS.iter().enumerate() {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            assert!(setting.key.bytes().all(plain), "{}", setting.key);
            assert!(SETTINGS[at + 1..].iter().all(|other| other.key != setting.key), "{}", setting.key);
        }
    }
}

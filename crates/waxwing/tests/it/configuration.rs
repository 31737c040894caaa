//! Flags, environment, file: what is known, what is refused, what is shown.

use serde_json::Value;

use crate::harness::{World, run, run_in, stderr, stdout};

fn environment(name: &str, value: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), value.to_owned())]
}

#[tokio::test]
async fn what_nobody_knows_is_refused_with_a_suggestion() {
    let world = World::new();
    let dir = world.dir.path();
    let flag = run(&["serve", "--lissten", "127.0.0.1:0"]).await;
    assert_eq!(flag.status.code(), Some(2));
    assert!(stderr(&flag).contains("--listen"), "{}", stderr(&flag));
    let variable = run_in(dir, &["serve"], &environment("WAXWING_RETRY_SHEDULE", "1s"), b"").await;
    assert_eq!(variable.status.code(), Some(2));
    assert!(stderr(&variable).contains("Did you mean WAXWING_RETRY_SCHEDULE?"), "{}", stderr(&variable));
    std::fs::write(world.path("waxwing.toml"), "retencion = \"30d\"").unwrap();
    let key = run_in(dir, &["serve", "--config", "waxwing.toml"], &[], b"").await;
    assert_eq!(key.status.code(), Some(2));
    assert!(stderr(&key).contains("Did you mean retention?"), "{}", stderr(&key));
    assert!(!world.path("waxwing.db").exists(), "nothing is opened before the configuration is right");
}

#[tokio::test]
async fn values_that_cannot_be_used_are_refused_with_what_to_write() {
    let world = World::new();
    let cases = [
        ("LISTEN", "8080", "127.0.0.1:8080"),
        ("DATABASE", "postgres://me@db/w?sslmode=on", "sslmode"),
        ("DATABASE", "waxwing.db", "sqlite:waxwing.db"),
        ("REQUEST_TIMEOUT", "0s", "100ms to 5m"),
        ("RETRY_SCHEDULE", "soon", "1m,5m,30m,2h"),
        ("ALLOWED_NETWORKS", "example.com", "10.0.0.0/8"),
        ("DENIED_NETWORKS", "10.0.0.0/33", "10.0.0.0/8"),
        ("DENIED_HOSTS", "https://hooks.example.com", "*.example.com"),
        ("ALLOWED_PORTS", "https", "443,8000-8999"),
        ("DENIED_PORTS", "0", "1 to 65535"),
        ("NAT64_PREFIXES", "64:ff9b::/64,10.0.0.0/8", "96 bits"),
        ("PROXY", "proxy.example:3128", "socks5://host:port"),
        ("PROXY_FILE", "missing.url", "missing.url"),
        ("RETENTION", "1h", "1day"),
        ("LOG_FORMAT", "xml", "text or json"),
        ("ENCRYPTION_KEY", "short", "openssl rand -base64 32"),
        ("EXTRA_CA_FILE", "missing.pem", "missing.pem"),
    ];
    for (name, value, expected) in cases {
        let refused = world.serve_in_vain(&[(name, value)]).await;
        assert_eq!(refused.status.code(), Some(2), "{name}={value}: {}", stderr(&refused));
        assert!(stderr(&refused).contains(expected), "{name}={value}: {}", stderr(&refused));
    }
}

#[tokio::test]
async fn config_print_shows_values_with_their_source_and_no_secret() {
    let world = World::new();
    std::fs::write(world.path("waxwing.toml"), "retention = \"60d\"\nnode = \"b\"").unwrap();
    let mut variables = environment("WAXWING_OPERATOR_KEY", "a-secret-operator-key-of-mine");
    variables.extend(environment("WAXWING_NODE", "a"));
    variables.extend(environment("WAXWING_CONFIG", "waxwing.toml"));
    let arguments = ["config", "print", "--json", "--listen", "0.0.0.0:80"];
    let printed = run_in(world.dir.path(), &arguments, &variables, b"").await;
    assert!(printed.status.success(), "{}", stderr(&printed));
    let shown: Value = serde_json::from_str(&stdout(&printed)).unwrap();
    let entry = |key: &str| {
        (shown[key]["value"].as_str().unwrap().to_owned(), shown[key]["source"].as_str().unwrap().to_owned())
    };
    assert_eq!(entry("listen"), ("0.0.0.0:80".into(), "flag".into()));
    assert_eq!(entry("node"), ("a".into(), "environment".into()));
    assert_eq!(entry("retention"), ("60d".into(), "waxwing.toml".into()));
    assert_eq!(entry("request_timeout"), ("5s".into(), "default".into()));
    assert!(!stdout(&printed).contains("a-secret-operator-key-of-mine"));
    let table = run_in(world.dir.path(), &["config", "print"], &variables, b"").await;
    assert!(
        stdout(&table).contains("retention") && !stdout(&table).contains("a-secret-operator-key-of-mine")
    );
}

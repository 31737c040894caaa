//! Who may depend on whom: a crate exists where an edge must never exist.

mod workspace;

use workspace::{Dependency, assert_none, cargo, crate_folders, crate_name, dependencies};

/// What a crate may use of the workspace.
struct Edges {
    of: &'static str,
    /// In the product.
    on: &'static [&'static str],
    /// In its tests, besides.
    in_tests: &'static [&'static str],
}

const EDGES: &[Edges] = &[
    Edges { of: "waxwing-core", on: &[], in_tests: &[] },
    Edges { of: "waxwing-store", on: &["waxwing-core"], in_tests: &[] },
    Edges { of: "waxwing-cluster", on: &[], in_tests: &[] },
    Edges { of: "waxwing-postgres", on: &["waxwing-core", "waxwing-store"], in_tests: &["waxwing-cluster"] },
    Edges { of: "waxwing-sqlite", on: &["waxwing-core", "waxwing-store"], in_tests: &[] },
    Edges {
        of: "waxwing-delivery",
        on: &["waxwing-core", "waxwing-store"],
        in_tests: &["waxwing-peers", "waxwing-sqlite"],
    },
    Edges { of: "waxwing-api", on: &["waxwing-core", "waxwing-store"], in_tests: &["waxwing-sqlite"] },
    Edges {
        of: "waxwing-fuzz",
        on: &[
            "waxwing",
            "waxwing-api",
            "waxwing-core",
            "waxwing-delivery",
            "waxwing-sqlite",
            "waxwing-store",
        ],
        in_tests: &[],
    },
    Edges { of: "waxwing-peers", on: &["waxwing-core"], in_tests: &[] },
    Edges {
        of: "waxwing",
        on: &[
            "waxwing-api",
            "waxwing-core",
            "waxwing-delivery",
            "waxwing-peers",
            "waxwing-postgres",
            "waxwing-sqlite",
            "waxwing-store",
        ],
        in_tests: &["waxwing-cluster"],
    },
    Edges { of: "waxwing-rules", on: &[], in_tests: &[] },
    Edges {
        of: "waxwing-sim",
        on: &["waxwing-api", "waxwing-core", "waxwing-delivery", "waxwing-sqlite", "waxwing-store"],
        in_tests: &[],
    },
    // It checks the server, so it shares no code with it; its tests turn its own features on.
    Edges { of: "waxwing-receiver", on: &[], in_tests: &["waxwing-receiver"] },
    Edges { of: "waxwing-examples", on: &["waxwing-receiver"], in_tests: &[] },
];

/// A package that only these crates may use directly.
struct Only {
    package: &'static str,
    crates: &'static [&'static str],
    /// Whether the tests of others may not use it either.
    even_in_tests: bool,
}

const ONLY: &[Only] = &[
    // The last two are not of the server: they show receivers that use axum.
    Only {
        package: "axum",
        crates: &["waxwing-api", "waxwing-receiver", "waxwing-examples"],
        even_in_tests: true,
    },
    Only { package: "axum-core", crates: &["waxwing-receiver"], even_in_tests: true },
    Only { package: "tokio-postgres", crates: &["waxwing-postgres"], even_in_tests: true },
    Only { package: "deadpool-postgres", crates: &["waxwing-postgres"], even_in_tests: true },
    // The example has a database of its own, that of a receiver.
    Only { package: "rusqlite", crates: &["waxwing-sqlite", "waxwing-examples"], even_in_tests: true },
    Only {
        package: "hyper",
        crates: &["waxwing-api", "waxwing-delivery", "waxwing-peers"],
        even_in_tests: false,
    },
    Only { package: "h2", crates: &["waxwing-delivery"], even_in_tests: false },
    Only {
        package: "hyper-util",
        crates: &["waxwing-api", "waxwing-delivery", "waxwing-peers", "waxwing-examples"],
        even_in_tests: false,
    },
    Only { package: "getrandom", crates: &["waxwing"], even_in_tests: false },
    Only { package: "clap", crates: &["waxwing"], even_in_tests: false },
    Only { package: "toml", crates: &["waxwing"], even_in_tests: false },
    Only { package: "anyhow", crates: &["waxwing"], even_in_tests: false },
    Only { package: "tracing-subscriber", crates: &["waxwing"], even_in_tests: false },
];

/// What the library for receivers is built on when no feature is asked for: no server, no runtime.
const RECEIVER: &[&str] = &["base64", "hmac", "serde", "serde_json", "sha2", "thiserror", "zeroize"];

/// Packages that a crate may not use directly, except in its tests.
const NEVER: &[(&str, &[&str])] = &[
    ("waxwing-core", &["serde", "serde_json", "tokio", "async-trait", "tracing"]),
    // Entries of the audit log are kept as JSON, which it builds; shapes are the API's matter.
    ("waxwing-store", &["serde"]),
];

fn says_the_table(dependency: &Dependency) -> Option<String> {
    let Dependency { of, manifest, on, dev, .. } = dependency;
    let edges = EDGES.iter().find(|edges| edges.of == of)?;
    let allowed = edges.on.contains(&on.as_str()) || (*dev && edges.in_tests.contains(&on.as_str()));
    (!allowed).then(|| {
        format!("{manifest}: remove {on}; {of} may know {:?}, its tests {:?} too", edges.on, edges.in_tests)
    })
}

#[test]
fn crates_depend_on_each_other_only_as_the_table_allows() {
    let dependencies = dependencies();
    let inner = dependencies.iter().filter(|it| EDGES.iter().any(|edges| edges.of == it.on));
    assert_none(&inner.filter_map(says_the_table).collect::<Vec<_>>());
}

#[test]
fn the_table_of_edges_names_every_crate() {
    let named: Vec<&str> = EDGES.iter().map(|edges| edges.of).collect();
    let mut broken = Vec::new();
    for folder in crate_folders() {
        if !named.contains(&crate_name(&folder).as_str()) {
            broken.push(format!("{folder}: decide what it may depend on and add it to EDGES in {}", file!()));
        }
    }
    assert_none(&broken);
}

#[test]
fn a_framework_is_used_only_by_the_crate_that_hides_it() {
    let mut broken = Vec::new();
    for Dependency { of, manifest, on, dev, .. } in &dependencies() {
        for only in ONLY.iter().filter(|only| only.package == on) {
            if !only.crates.contains(&of.as_str()) && (only.even_in_tests || !dev) {
                broken.push(format!("{manifest}: remove {on}; only {:?} may use it", only.crates));
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn the_domain_knows_neither_json_nor_io_and_the_store_trait_no_shapes() {
    let mut broken = Vec::new();
    for Dependency { of, manifest, on, dev, .. } in &dependencies() {
        let never = NEVER.iter().any(|(name, packages)| name == of && packages.contains(&on.as_str()));
        if never && !dev {
            broken.push(format!("{manifest}: remove {on}; {of} must not know it"));
        }
    }
    assert_none(&broken);
}

#[test]
fn a_receiver_depends_on_a_server_only_with_the_feature_for_it() {
    let dependencies = dependencies();
    let always = dependencies.iter().filter(|it| it.of == "waxwing-receiver" && !it.dev && !it.optional);
    let more = always.filter(|it| !RECEIVER.contains(&it.on.as_str()));
    let broken =
        more.map(|it| format!("{}: make {} optional, with a feature that needs it", it.manifest, it.on));
    assert_none(&broken.collect::<Vec<_>>());
}

/// It is a workspace of its own, so that no other build brings it up to date.
#[test]
fn the_lock_file_of_fuzzing_fits_what_it_builds() {
    let manifest = ["metadata", "--format-version", "1", "--manifest-path", "fuzz/Cargo.toml"];
    assert!(cargo(&manifest).contains("waxwing-fuzz-targets"), "cd fuzz && cargo metadata writes it anew");
}

/// Commands of the documentation name no crate.
#[test]
fn cargo_run_means_the_server() {
    let text = cargo(&["metadata", "--format-version", "1", "--no-deps"]);
    let metadata: serde_json::Value = serde_json::from_str(&text).expect("cargo metadata prints JSON");
    let runs = metadata["packages"].as_array().into_iter().flatten().map(|it| &it["default_run"]);
    let runs: Vec<&str> = runs.filter_map(serde_json::Value::as_str).collect();
    assert_eq!(runs, ["waxwing"], "of several programs, one is meant by `cargo run`: default-run says which");
}

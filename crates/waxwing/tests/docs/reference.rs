//! The reference is that of the program.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use waxwing_api::{Code, openapi_json};

use crate::{
    harness::{run, stdout},
    pages::{Page, bare, root, rows},
};

#[test]
fn the_openapi_document_in_the_reference_is_the_one_that_is_served() {
    let path = root().join("docs/reference/openapi.json");
    let served = openapi_json() + "\n";
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &served).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == served, "write it anew: UPDATE_DOCS=1 cargo test -p waxwing --test docs openapi");
}

#[test]
fn errors_lists_every_code_with_its_status_in_the_order_of_the_program() {
    let page = Page::read("docs/reference/errors.md");
    let listed: Vec<(String, String)> = rows(page.section("## Codes"))
        .into_iter()
        .map(|cells| (cells[0].clone(), cells[1].clone()))
        .collect();
    let known = Code::ALL.iter().map(|code| (code.as_str().to_owned(), code.status().as_u16().to_string()));
    assert_eq!(listed, known.collect::<Vec<_>>());
}

#[test]
fn the_api_page_has_a_heading_for_every_operation_and_no_other() {
    let page = Page::read("docs/reference/api.md");
    let methods = ["GET ", "POST ", "PUT ", "DELETE "];
    let headings = page.text.lines().filter_map(|line| line.strip_prefix("### "));
    let described: BTreeSet<String> = headings
        .filter(|heading| methods.iter().any(|method| heading.starts_with(method)))
        .map(|heading| heading.trim_end_matches(" (operator)").to_owned())
        .collect();
    let document: Value = serde_json::from_str(&openapi_json()).unwrap();
    let mut known = BTreeSet::from(["GET /openapi.json".to_owned(), "GET /docs".to_owned()]);
    for (path, operations) in document["paths"].as_object().unwrap() {
        known.extend(
            operations.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())),
        );
    }
    assert_eq!(described, known);
}

#[tokio::test]
async fn settings_lists_every_setting_with_its_names_and_default() {
    let page = Page::read("docs/reference/settings.md");
    let listed: BTreeMap<String, Vec<String>> = rows(&page.text)
        .into_iter()
        .filter(|cells| cells.len() == 6)
        .map(|cells| (cells[0].clone(), cells))
        .collect();
    let printed: Value = serde_json::from_str(&stdout(&run(&["config", "print", "--json"]).await)).unwrap();
    let printed = printed.as_object().unwrap();
    assert_eq!(listed.keys().collect::<Vec<_>>(), printed.keys().collect::<Vec<_>>());
    let help = stdout(&run(&["serve", "--help"]).await);
    for (key, cells) in &listed {
        assert_eq!(bare(&cells[1]), format!("WAXWING_{}", key.to_uppercase()));
        let flag = format!("--{}", key.replace('_', "-"));
        let has_flag = help.contains(&format!("{flag} "));
        assert_eq!(bare(&cells[2]), if has_flag { &flag } else { "none" }, "{key}");
        let default = &printed[key]["value"];
        let shown = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
        match (default.is_null(), cells[3].starts_with('`')) {
            (false, _) => assert_eq!(bare(&cells[3]), shown, "{key}"),
            (true, in_code) => assert!(!in_code || key == "encryption_key_file", "{key} has no default"),
        }
    }
}

/// The flags of a command that its help shows.
async fn flags(command: &str) -> BTreeSet<String> {
    let arguments: Vec<&str> = command.split(' ').chain(["--help"]).collect();
    let help = stdout(&run(&arguments).await);
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let words = lines.flat_map(|line| line.split("  ").next().unwrap().split([' ', ',', '=']));
    let flags = words.filter(|word| word.starts_with("--") && *word != "--help");
    flags.map(str::to_owned).collect()
}

/// The flags that the first columns of a text's tables name.
fn described(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("| `-"));
    let firsts = lines.map(|line| format!("-{}", line.split(" | ").next().unwrap()));
    let words: Vec<String> = firsts
        .flat_map(|first| first.split(['`', ' ', ',']).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    words.into_iter().filter(|word| word.starts_with("--")).collect()
}

#[tokio::test]
async fn the_command_line_page_describes_every_flag_of_every_command() {
    let page = Page::read("docs/reference/command-line.md");
    let shared = |flag: &str| page.text[..page.text.find("\n## ").unwrap()].contains(&format!("`{flag}"));
    let settings = flags("serve").await;
    let help = stdout(&run(&["--help"]).await);
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let mut seen = 0;
    for command in commands.lines().filter_map(|line| line.split_whitespace().next()) {
        let full = match command {
            "help" | "serve" => continue,
            "events" => "events tail",
            "encryption" => "encryption rotate",
            "event-types" => "event-types load",
            "config" => "config print",
            other => other,
        };
        let described = described(page.section(&format!("## waxwing {full}")));
        let known = flags(full).await;
        for flag in &known {
            let takes_settings = matches!(full, "backup" | "config print" | "migrate" | "restore");
            let elsewhere = shared(flag) || (takes_settings && (settings.contains(flag) || flag == "--json"));
            assert!(described.contains(flag) || elsewhere, "waxwing {full} {flag} is not described");
        }
        for flag in &described {
            assert!(known.contains(flag), "waxwing {full} has no {flag}");
        }
        seen += 1;
    }
    assert!(seen >= 10, "{seen} commands were found in {commands}");
}

#[tokio::test]
async fn the_exit_codes_are_those_of_the_help() {
    let page = Page::read("docs/reference/command-line.md");
    let help = stdout(&run(&["--help"]).await);
    let help = help.split("Exit codes:\n").nth(1).unwrap();
    let codes = |text: &str| -> Vec<String> {
        let starts = text.lines().map(|line| line.trim_start_matches(['|', ' ']));
        let codes = starts.filter_map(|line| line.split(' ').next());
        codes.filter(|code| code.parse::<u8>().is_ok()).map(str::to_owned).collect()
    };
    let table = &page.text[..page.text.find("\n## ").unwrap()];
    assert_eq!(codes(table), codes(help));
    assert!(codes(help).len() > 5);
}

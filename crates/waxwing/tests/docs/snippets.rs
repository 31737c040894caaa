//! The code for receivers holds against what the server sends; configuration files are
//! taken.

use std::process::Command;

use crate::{
    harness::{run_in, stdout},
    pages::Page,
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY: &str = r#"{"id":"evt_1","type":"deposit.completed","created_at":"2026-03-26T10:00:00.000Z","data":{"amount":250.00}}"#;
const AT: i64 = 1_774_519_200;

/// The two signatures of the body above: plain and standard.
async fn signatures() -> (String, String) {
    let dir = tempfile::tempdir().unwrap();
    let at = AT.to_string();
    let arguments = ["sign", "--id", "evt_1", "--timestamp", &at, "--secret", SECRET, "--json", "-"];
    let output = run_in(dir.path(), &arguments, &[], BODY.as_bytes()).await;
    let headers: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let of = |name: &str| {
        let headers = headers.as_object().unwrap();
        let found = headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.unwrap_or_else(|| panic!("no {name} in {headers:?}")).1.as_str().unwrap().to_owned()
    };
    (of("X-Webhook-Signature"), of("webhook-signature"))
}

/// The first block of a language that holds this word.
pub(crate) fn block(page: &str, language: &str, word: &str) -> String {
    let blocks = Page::read(page).blocks_of(language);
    blocks.into_iter().find(|block| block.contains(word)).unwrap_or_else(|| panic!("{page} has no {word}"))
}

/// What a program prints.
pub(crate) fn output(mut command: Command) -> String {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().unwrap_or_else(|error| {
        panic!("{program} cannot be run: {error}; scripts/setup.sh installs what the tests need")
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    stdout(&output)
}

#[tokio::test]
async fn the_python_of_the_readme_tells_genuine_from_forged() {
    let (plain, _) = signatures().await;
    let code = block("README.md", "python", "def is_genuine");
    let checks = format!(
        "body = {BODY:?}.encode()\n\
         print(is_genuine(body, '{plain}', '{SECRET}'), is_genuine(body + b' ', '{plain}', '{SECRET}'))"
    );
    let mut python = Command::new("python3");
    python.args(["-c", &format!("{code}\n{checks}")]);
    assert_eq!(output(python), "True False\n");
}

/// The snippet as JavaScript: its only types are those of parameters and results.
pub(crate) fn without_types(code: &str) -> String {
    let types = ["Record<string, string | string[] | undefined>", "Buffer", "string", "number", "boolean"];
    types.iter().fold(code.to_owned(), |code, name| code.replace(&format!(": {name}"), ""))
}

#[tokio::test]
async fn every_configuration_file_is_one() {
    let mut taken = 0;
    for page in Page::all() {
        // Ours have no tables; those are other programs' files.
        for block in page.blocks_of("toml").into_iter().filter(|block| !block.starts_with('[')) {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join("waxwing.toml"), &block).unwrap();
            let arguments = ["config", "print", "--config", "waxwing.toml"];
            let output = run_in(dir.path(), &arguments, &[], b"").await;
            assert!(output.status.success(), "{}: {block}\n{output:?}", page.name);
            taken += 1;
        }
    }
    assert!(taken >= 5, "{taken}");
}

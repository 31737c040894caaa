//! The code for receivers holds against what the server sends; configuration files are
//! taken.

use std::process::Command;

use crate::{
    harness::{run_in, stdout},
    pages::{Page, root},
};

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
    let dir = tempfile::tempdir().unwrap();
    let (secret, id) = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "evt_1");
    let body =
        r#"{"id":"evt_1","type":"a.b","created_at":"2026-03-26T10:00:00.000Z","data":{"amount":250.00}}"#;
    let sign = ["sign", "--id", id, "--secret", secret, "--json", "-"];
    let signed = run_in(dir.path(), &sign, &[], body.as_bytes()).await;
    let headers = stdout(&signed);
    let code = block("README.md", "python", "verify(");
    let checks = format!(
        "body, headers, secret = {body:?}.encode(), {headers}, '{secret}'\n\
         {code}\
         print(event.id, event.data)\n\
         body += b' '\n\
         try:\n    {line}\n\
         except Exception as error:\n    print(error.reason)",
        headers = headers.trim(),
        line = code.lines().last().unwrap(),
    );
    let mut python = Command::new("python3");
    python.args(["-c", &checks]).env("PYTHONPATH", root().join("receivers/python/src"));
    assert_eq!(output(python), "evt_1 {'amount': 250.0}\nno_matching_signature\n");
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
            let is_scenario = block.starts_with("shows = ");
            let arguments = if is_scenario {
                ["bench", "--list", "--scenario", "waxwing.toml"]
            } else {
                ["config", "print", "--config", "waxwing.toml"]
            };
            let output = run_in(dir.path(), &arguments, &[], b"").await;
            assert!(output.status.success(), "{}: {block}\n{output:?}", page.name);
            taken += 1;
        }
    }
    assert!(taken >= 5, "{taken}");
}

//! The programs, as they are started for the test with the real server: what they print, and how
//! they answer.

#[path = "../../../receivers/rust/tests/signed/mod.rs"]
mod signed;

use std::{
    io::{BufRead, BufReader, Lines, Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
};

use signed::{OTHER_SECRET, SECRET, event, signed_with};

/// The programs of contract.json, which names them `cargo:…`.
fn programs() -> Vec<String> {
    let contract: serde_json::Value = serde_json::from_str(include_str!("../contract.json")).unwrap();
    let receivers = contract["receivers"].as_array().unwrap().iter();
    let commands = receivers.map(|receiver| receiver["command"][0].as_str().unwrap());
    let names: Vec<String> = commands.map(|it| it.strip_prefix("cargo:").unwrap().to_owned()).collect();
    assert_eq!(names, ["axum", "tower"]);
    names
}

/// As Cargo built it, beside this test.
fn command(name: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let path: PathBuf = test.parent().unwrap().with_file_name("examples").join(name);
    let mut command = Command::new(path);
    command.env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

struct Program {
    child: Child,
    address: SocketAddr,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    fn start(name: &str, secrets: &str) -> Self {
        let mut child = command(name).env("PORT", "0").env("WEBHOOK_SECRETS", secrets).spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = errors.next().unwrap().unwrap();
        let address = address.strip_prefix("listening on ").unwrap_or_else(|| panic!("{name}: {address}"));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { address: address.parse().unwrap(), lines, child }
    }

    /// The status that a request with this event is answered with.
    fn answer(&self, secret: &str, id: &str) -> u16 {
        let request = signed_with(secret, id, &event(id));
        let headers =
            request.headers().iter().map(|(name, value)| format!("{name}: {}\r\n", value.to_str().unwrap()));
        let (headers, body) = (headers.collect::<String>(), request.body());
        let mut connection = TcpStream::connect(self.address).unwrap();
        write!(
            connection,
            "POST /webhooks HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }

    fn line(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn each_event_is_worked_on_once_and_what_is_forged_never() {
    for name in programs() {
        let mut program = Program::start(&name, &format!("{OTHER_SECRET} {SECRET}"));
        assert_eq!(program.answer("a-secret-of-somebody", "evt_0"), 401, "{name}");
        for (id, secret) in [("evt_1", SECRET), ("evt_1", OTHER_SECRET), ("evt_2", OTHER_SECRET)] {
            let status = program.answer(secret, id);
            assert!((200..300).contains(&status), "{name}: {id}: {status}");
        }
        // A duplicate or a forgery would have its line before the last one.
        assert_eq!(program.line(), "done evt_1 deposit.completed", "{name}");
        assert_eq!(program.line(), "done evt_2 deposit.completed", "{name}");
    }
}

#[test]
fn without_usable_secrets_they_do_not_start_and_say_why() {
    for name in programs() {
        for (secrets, why) in [(None, "set WEBHOOK_SECRETS"), (Some(""), "secret 1 is empty")] {
            let mut command = command(&name);
            command.env("PORT", "0").envs(secrets.map(|secrets| ("WEBHOOK_SECRETS", secrets)));
            let output = command.output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(!output.status.success() && said.contains(why), "{name}: {said}");
        }
    }
}

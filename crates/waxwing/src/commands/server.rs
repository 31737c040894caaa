//! Talking to a running server: which one, with which key, and what to say when
//! it does not answer as hoped.

use clap::Args;
use serde_json::Value;
use waxwing_peers::{ApiClient, ApiError, ApiResponse};

use super::hidden::Hidden;
use crate::{config::Environment, exit::Exit};

/// Which server, and on whose behalf.
#[derive(Debug, Args)]
pub(super) struct ServerOptions {
    /// The server [env: WAXWING_URL] [default: http://127.0.0.1:8080]
    #[arg(long, value_name = "URL", help_heading = "Server")]
    url: Option<String>,
    /// An operator or account key (other users of this machine may see it; rather use the
    /// variable) [env: WAXWING_API_KEY]
    #[arg(long, value_name = "KEY", help_heading = "Server")]
    key: Option<Hidden>,
    /// With an operator key: the account to act for [env: WAXWING_ACCOUNT]
    #[arg(long, value_name = "ACCOUNT", help_heading = "Server")]
    account: Option<String>,
    /// For an https:// server: PEM certificates trusted besides the public roots
    /// [env: WAXWING_EXTRA_CA_FILE]
    #[arg(long, value_name = "FILE", help_heading = "Server")]
    ca_file: Option<String>,
}

impl ServerOptions {
    /// A client for it.
    pub(super) fn client(&self) -> anyhow::Result<ApiClient> {
        let environment = Environment::of_process();
        let choose = |given: &Option<String>, names: &[&str]| {
            let from_environment = || names.iter().find_map(|name| environment.get(name)).map(str::to_owned);
            given.clone().or_else(from_environment)
        };
        let url = choose(&self.url, &["WAXWING_URL"]).unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
        let given = self.key.as_deref().map(str::to_owned);
        let key = choose(&given, &["WAXWING_API_KEY", "WAXWING_KEY"]).ok_or_else(|| {
            Exit::Usage
                .because("no key: set WAXWING_API_KEY to an operator or account key, or pass --key KEY")
        })?;
        let unusable = |error: ApiError| Exit::Usage.because(error);
        let mut client = ApiClient::new(&url, &key).map_err(unusable)?;
        if let Some(path) = choose(&self.ca_file, &["WAXWING_EXTRA_CA_FILE"]) {
            let pem = std::fs::read(&path).map_err(|error| {
                Exit::Usage.because(format_args!("the CA file {path} cannot be read: {error}"))
            })?;
            client = client.trusting(&pem).map_err(unusable)?;
        }
        Ok(match choose(&self.account, &["WAXWING_ACCOUNT"]) {
            Some(account) => client.account(&account).map_err(unusable)?,
            None => client,
        })
    }
}

/// A webhook's id on the command line.
pub(super) fn webhook_id(text: &str) -> Result<String, String> {
    waxwing_core::WebhookId::parse(text).map(|id| id.to_string()).map_err(|error| error.to_string())
}

/// An event type on the command line.
pub(super) fn event_type(text: &str) -> Result<String, String> {
    waxwing_core::EventType::parse(text).map(|parsed| parsed.to_string()).map_err(|error| error.to_string())
}

/// The answer, unless the server could not be reached.
pub(super) fn reached(answer: Result<ApiResponse, ApiError>) -> anyhow::Result<ApiResponse> {
    answer.map_err(|error| match error {
        ApiError::Setup(_) => Exit::Usage.because(error),
        _ => Exit::Unreachable.because(error),
    })
}

/// The body of an answer with this status; otherwise what the server says.
pub(super) fn expect(status: u16, answer: &ApiResponse) -> anyhow::Result<Value> {
    // What is no JSON is no answer of ours: a proxy's, perhaps.
    let json = answer.json().unwrap_or_default();
    if answer.status == status {
        return Ok(json);
    }
    let text = |member: &str| json[member].as_str().unwrap_or_default().to_owned();
    let errors = json["errors"].as_array().cloned().unwrap_or_default();
    let errors = errors.iter().map(|error| {
        let [pointer, detail] =
            ["pointer", "detail"].map(|member| error[member].as_str().unwrap_or_default());
        format!("\n  {pointer}: {detail}")
    });
    let hint = if answer.status == 401 { " Check the key (WAXWING_API_KEY or --key)." } else { "" };
    let said = [text("title"), text("detail")].join(": ");
    anyhow::bail!(
        "the server answered {} ({}) {said}{}{hint}",
        answer.status,
        text("code"),
        errors.collect::<String>()
    )
}

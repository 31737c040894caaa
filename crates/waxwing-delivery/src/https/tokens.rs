//! Access tokens by client credentials (RFC 6749, 4.4).
//!
//! A token is asked for when it is needed, by one request at a time for each webhook,
//! and kept until shortly before it expires or until the receiver answers 401. The token
//! endpoint is as little trusted as a receiver: the same policy, the same TLS, a bound on
//! what is read. All of it counts in the time of the delivery's own request.

use std::{fmt, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;
use tokio::{sync::Mutex, time::Instant};
use url::form_urlencoded::{self, byte_serialize};
use waxwing_core::{AttemptError, TimeoutPhase, credentials::ClientCredentials, target::TargetUrl};
use zeroize::Zeroizing;

use super::{
    HttpsSender,
    exchange::{Answer, Message, Phase, READ_ON},
};

/// How long a token is kept that does not say when it expires.
const KEEP: Duration = Duration::from_mins(5);
/// The longest that any is kept.
const MAX_KEEP: Duration = Duration::from_hours(24);
/// How long before its end a token is no longer used: a tenth of its time, at most this.
const MAX_MARGIN: Duration = Duration::from_mins(1);
/// The longest token.
const MAX_TOKEN_LEN: usize = 16 << 10;

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Where the tokens for one webhook come from.
pub struct TokenSource {
    url: Arc<TargetUrl>,
    headers: HeaderMap,
    body: Bytes,
    kept: Mutex<Option<Token>>,
}

#[derive(Clone)]
struct Token {
    /// The value of `Authorization`.
    header: HeaderValue,
    until: Instant,
}

impl TokenSource {
    /// Asks at `url`, which the policy has judged, with these credentials.
    ///
    /// # Errors
    /// [`AttemptError::Internal`] when they cannot stand in a header.
    pub fn new(asked: &ClientCredentials, url: TargetUrl) -> Result<Self, AttemptError> {
        // RFC 6749, 2.3.1: both are form-encoded before they become a login.
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let login = format!("{}:{}", encoded(&asked.client_id), encoded(&asked.client_secret));
        let login = Zeroizing::new(login);
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        for (name, value) in [("scope", &asked.scope), ("audience", &asked.audience)] {
            if let Some(value) = value {
                form.append_pair(name, value);
            }
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, sensitive(format!("Basic {}", STANDARD.encode(&*login)))?);
        headers.insert(header::ACCEPT, JSON);
        Ok(Self { url: Arc::new(url), headers, body: form.finish().into(), kept: Mutex::default() })
    }

    /// Drops a token that the receiver did not accept, unless another is kept by now.
    async fn forget(&self, refused: &HeaderValue) {
        self.kept.lock().await.take_if(|token| token.header == *refused);
    }
}

impl HttpsSender {
    /// An exchange with a token. A kept one that the receiver no longer accepts is asked
    /// for anew, once; one that was fresh is not kept.
    pub(super) async fn with_token(
        &self,
        message: &mut Message,
        source: &TokenSource,
        phase: &Phase,
    ) -> Result<Answer, AttemptError> {
        let mut again = false;
        loop {
            let (token, was_kept) = self.token(source, phase).await?;
            message.headers.insert(header::AUTHORIZATION, token.clone());
            let answer = self.exchange(message, phase).await?;
            if answer.0.status != StatusCode::UNAUTHORIZED {
                return Ok(answer);
            }
            source.forget(&token).await;
            if again || !was_kept {
                return Ok(answer);
            }
            again = true;
        }
    }

    /// The value of `Authorization`, and whether it was kept from before. Whoever finds
    /// another request for one under way waits for what it brings.
    async fn token(&self, source: &TokenSource, phase: &Phase) -> Result<(HeaderValue, bool), AttemptError> {
        phase.set(TimeoutPhase::Token);
        let mut kept = source.kept.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| Instant::now() < token.until) {
            return Ok((token.header.clone(), true));
        }
        *kept = None;
        let message = Message {
            url: Arc::clone(&source.url),
            headers: source.headers.clone(),
            content_type: FORM,
            user_agent: self.user_agent.clone(),
            body: source.body.clone(),
            identity: None,
            keep: READ_ON,
        };
        let asked_at = Instant::now();
        // What it waits for within is of no interest to whoever waits for the token.
        let answer = Box::pin(self.exchange(&message, &Phase::default())).await;
        let (head, body) = answer.map_err(|error| AttemptError::Authorization(error.to_string()))?;
        let token = read(head.status, &body, asked_at).map_err(AttemptError::Authorization)?;
        Ok((kept.insert(token).header.clone(), false))
    }
}

/// RFC 6749, 5.1 and 5.2.
fn read(status: StatusCode, body: &[u8], asked_at: Instant) -> Result<Token, String> {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    if status != StatusCode::OK {
        let word = json["error"].as_str().filter(|word| is_word(word)).map(|word| format!(" ({word})"));
        return Err(format!("the token endpoint answered {}{}", status.as_u16(), word.unwrap_or_default()));
    }
    let Some(text) = json["access_token"].as_str().filter(|text| text.len() <= MAX_TOKEN_LEN) else {
        return Err("the token endpoint's answer is no JSON with an access_token".into());
    };
    if !json["token_type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return Err("the token endpoint gave a token that is not of the type Bearer".into());
    }
    let header = sensitive(format!("Bearer {text}"));
    let header = header.map_err(|_| "the token endpoint gave a token that cannot be sent")?;
    let valid = json["expires_in"].as_u64().map_or(KEEP, Duration::from_secs).min(MAX_KEEP);
    Ok(Token { header, until: asked_at + valid.saturating_sub((valid / 10).min(MAX_MARGIN)) })
}

/// A code of an error: short and harmless.
fn is_word(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// A header's value that is printed by nothing, and not remembered by HTTP/2.
pub(crate) fn sensitive(text: String) -> Result<HeaderValue, AttemptError> {
    let value = HeaderValue::try_from(text);
    let mut value = value.map_err(|_| AttemptError::Internal("a credential cannot be sent".into()))?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

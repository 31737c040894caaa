//! HTTP CONNECT (RFC 9110, 9.3.6).

use std::net::SocketAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use httparse::{EMPTY_HEADER, Response, Status};
use waxwing_core::AttemptError;

use super::{Answer, Login, login_refused, nonsense};

/// Headers of an answer at most.
const HEADERS: usize = 64;

pub(super) fn question(target: SocketAddr, login: Option<&Login>) -> Vec<u8> {
    let login = login.map_or_else(String::new, |Login { user, password }| {
        let both = STANDARD.encode(format!("{}:{}", user.as_str(), password.as_str()));
        format!("Proxy-Authorization: Basic {both}\r\n")
    });
    format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{login}\r\n").into_bytes()
}

/// Reads the head of the answer: any 2xx is a connection.
///
/// # Errors
/// When there is none.
pub fn answer(bytes: &[u8]) -> Answer<()> {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut head = Response::new(&mut headers);
    let length = match head.parse(bytes) {
        Ok(Status::Partial) => return Ok(None),
        Ok(Status::Complete(length)) => length,
        Err(_) => return Err(nonsense()),
    };
    match head.code {
        Some(200..=299) => Ok(Some(((), length))),
        Some(407) => Err(login_refused()),
        Some(status) => Err(AttemptError::Proxy(format!("made no connection: it answered {status}"))),
        None => Err(nonsense()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_names_the_address_and_the_login() {
        let login = Login { user: "Aladdin".to_owned().into(), password: "open sesame".to_owned().into() };
        let asked = question("8.8.8.8:443".parse().unwrap(), Some(&login));
        // The example of RFC 7617, 2.
        assert_eq!(
            String::from_utf8(asked).unwrap(),
            "CONNECT 8.8.8.8:443 HTTP/1.1\r\nHost: 8.8.8.8:443\r\n\
             Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"
        );
        let asked = question("[2001:db8::1]:8443".parse().unwrap(), None);
        assert_eq!(asked, b"CONNECT [2001:db8::1]:8443 HTTP/1.1\r\nHost: [2001:db8::1]:8443\r\n\r\n");
    }
}

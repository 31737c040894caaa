//! SOCKS 5 (RFC 1928), with a user name and a password (RFC 1929) if there are any.

use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;
use waxwing_core::AttemptError;

use super::{Answer, Login, ask, login_refused, nonsense};

const VERSION: u8 = 5;
const LOGIN_VERSION: u8 = 1;
const NO_LOGIN: u8 = 0;
const PASSWORD: u8 = 2;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

pub(super) async fn ask_for(
    target: SocketAddr,
    login: Option<&Login>,
    stream: &mut TcpStream,
) -> Result<(), AttemptError> {
    let offer: &[u8] = match login {
        None => &[VERSION, 1, NO_LOGIN],
        Some(_) => &[VERSION, 2, NO_LOGIN, PASSWORD],
    };
    match (ask(stream, offer, method).await?, login) {
        (NO_LOGIN, _) => {}
        (PASSWORD, Some(login)) => ask(stream, &login_question(login), self::login).await?,
        _ => return Err(login_refused()),
    }
    ask(stream, &connect_question(target), reply).await
}

/// The lengths fit into a byte: [`super::MAX_LOGIN_LEN`].
fn login_question(login: &Login) -> Vec<u8> {
    let mut question = vec![LOGIN_VERSION];
    for part in [&login.user, &login.password] {
        question.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
        question.extend_from_slice(part.as_bytes());
    }
    question
}

fn connect_question(target: SocketAddr) -> Vec<u8> {
    let mut question = vec![VERSION, CONNECT, 0];
    match target.ip() {
        IpAddr::V4(address) => {
            question.push(IPV4);
            question.extend_from_slice(&address.octets());
        }
        IpAddr::V6(address) => {
            question.push(IPV6);
            question.extend_from_slice(&address.octets());
        }
    }
    question.extend_from_slice(&target.port().to_be_bytes());
    question
}

/// Reads which of the offered ways to log in was chosen.
///
/// # Errors
/// When it is no answer of SOCKS 5.
pub fn method(bytes: &[u8]) -> Answer<u8> {
    match *bytes {
        [] | [VERSION] => Ok(None),
        [VERSION, method, ..] => Ok(Some((method, 2))),
        _ => Err(nonsense()),
    }
}

/// Reads whether the user name and the password were accepted.
///
/// # Errors
/// When they were not, or it is no such answer.
pub fn login(bytes: &[u8]) -> Answer<()> {
    match *bytes {
        [] | [LOGIN_VERSION] => Ok(None),
        [LOGIN_VERSION, 0, ..] => Ok(Some(((), 2))),
        [LOGIN_VERSION, ..] => Err(login_refused()),
        _ => Err(nonsense()),
    }
}

/// Reads whether there is a connection. The address that the proxy uses for it is of
/// no interest.
///
/// # Errors
/// When there is none.
pub fn reply(bytes: &[u8]) -> Answer<()> {
    match *bytes {
        [] | [VERSION] => return Ok(None),
        [VERSION, 0, ..] => {}
        [VERSION, code, ..] => return Err(failure(code)),
        _ => return Err(nonsense()),
    }
    let address = match *bytes {
        [_, _] | [_, _, 0] | [_, _, 0, NAME] => return Ok(None),
        [_, _, 0, IPV4, ..] => 4,
        [_, _, 0, IPV6, ..] => 16,
        [_, _, 0, NAME, length, ..] => 1 + usize::from(length),
        _ => return Err(nonsense()),
    };
    let length = 4 + address + 2;
    Ok((bytes.len() >= length).then_some(((), length)))
}

/// RFC 1928, 6. Some of them are about the receiver, not about the proxy.
fn failure(code: u8) -> AttemptError {
    let reason = match code {
        2 => "does not allow this connection",
        3 => return AttemptError::Unreachable("there is no way to this network".into()),
        4 => return AttemptError::Unreachable("there is no way to this host".into()),
        5 => return AttemptError::Refused,
        6 => return AttemptError::Unreachable("it did not answer".into()),
        8 => "cannot connect to an address of this kind",
        _ => return AttemptError::Proxy(format!("made no connection: it answered {code}")),
    };
    AttemptError::Proxy(reason.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_those_of_the_standard() {
        let asked = connect_question("8.8.8.8:443".parse().unwrap());
        assert_eq!(asked, [5, 1, 0, 1, 8, 8, 8, 8, 1, 187]);
        let asked = connect_question("[2001:db8::1]:8443".parse().unwrap());
        assert_eq!(asked, [5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x20, 0xfb]);
        let login = Login { user: "me".to_owned().into(), password: "pw!".to_owned().into() };
        assert_eq!(login_question(&login), b"\x01\x02me\x03pw!");
    }

    #[test]
    fn replies_are_read_to_their_end_whatever_address_they_name() {
        for whole in [
            &b"\x05\x00\x00\x01\x0a\x00\x00\x01\x04\x38"[..],
            b"\x05\x00\x00\x03\x05proxy\x04\x38",
            b"\x05\x00\x00\x03\x00\x04\x38",
            b"\x05\x00\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x04\x38",
        ] {
            assert_eq!(reply(whole), Ok(Some(((), whole.len()))));
            for end in 0..whole.len() {
                assert_eq!(reply(&whole[..end]), Ok(None), "{:?}", &whole[..end]);
            }
        }
        for broken in [&b"\x04\x00"[..], b"\x05\x00\x01", b"\x05\x00\x00\x02", b"HTTP"] {
            assert_eq!(reply(broken), Err(nonsense()));
        }
    }
}

//! From raw body and headers to an event: the order of the checks.

use std::time::Duration;

use crate::{Data, Error, Event, Options, Reason, Scheme, Secrets, headers::Headers, signature};

/// Verifies a request and reads its event.
///
/// `body` is the bytes that came. `headers` is whatever gives names, in any case, and values:
/// an `&http::HeaderMap`, a map of strings, pairs.
///
/// ```
/// # fn main() -> Result<(), waxwing_receiver::Error> {
/// use serde_json::Value;
/// use waxwing_receiver::{Options, Secrets, verify};
///
/// let secrets = Secrets::new(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])?;
/// let headers = [
///     ("webhook-id", "evt_01m85ve0y6efp98b9vafhqkpt6"),
///     ("webhook-timestamp", "1795492873"),
///     ("webhook-signature", "v1,g4WLDU9ZHEE4yBhNuHYF3R+oIVGK6VMMOODJAMOqbRw="),
/// ];
/// let body = br#"{"id":"evt_01m85ve0y6efp98b9vafhqkpt6","type":"deposit.completed","created_at":"2026-11-24T04:01:13.158Z","data":{"id":"dep_1","amount":250.00,"currency":"USD"}}"#;
///
/// let event = verify::<Value>(body, headers, &secrets, &Options::new().now(1_795_492_900))?;
/// assert_eq!(event.event_type, "deposit.completed");
/// assert_eq!(event.data["currency"], "USD");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The first [`Reason`] that applies, in their order.
pub fn verify<T: Data>(
    body: &[u8],
    headers: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<[u8]>)>,
    secrets: &Secrets,
    options: &Options,
) -> Result<Event<T>, Error> {
    let headers = Headers::find(headers);
    match options.chosen_scheme() {
        Scheme::Standard => {
            let headers = headers.standard()?;
            signature::check_standard(&headers, body, secrets)?;
            // Behind the signature, so that too old and too new are said of genuine requests only.
            check_time(headers.unix_seconds, options)?;
        }
        Scheme::Plain => {
            signature::must_be_shared(secrets)?;
            signature::check_plain(headers.plain()?, body, secrets)?;
        }
    }
    Event::from_json(body)
}

fn check_time(signed_at: u64, options: &Options) -> Result<(), Error> {
    let (now, tolerance) = (options.unix_seconds(), options.greatest_distance());
    let distance = now.abs_diff(signed_at);
    if Duration::from_secs(distance) <= tolerance {
        return Ok(());
    }
    let (reason, direction, cause) = if signed_at < now {
        (Reason::TimestampTooOld, "before", "an old request was sent again, or")
    } else {
        (Reason::TimestampTooNew, "after", "perhaps")
    };
    let detail = format!(
        "webhook-timestamp is {distance} s {direction} the time of this machine, more than the tolerance of \
         {tolerance:?}: {cause} a clock is off"
    );
    Err(Error::new(reason, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_may_be_exactly_as_far_as_the_tolerance() {
        let options = Options::new().now(1000).tolerance(Duration::from_secs(10));
        assert_eq!(check_time(990, &options), Ok(()));
        assert_eq!(check_time(1010, &options), Ok(()));
        let old = check_time(989, &options).unwrap_err();
        assert_eq!(old.reason(), Reason::TimestampTooOld);
        assert!(old.to_string().starts_with("webhook-timestamp is 11 s before the time"), "{old}");
        assert_eq!(check_time(1011, &options).unwrap_err().reason(), Reason::TimestampTooNew);
    }

    #[test]
    fn without_a_time_of_its_own_this_machines_clock_counts() {
        let now = Options::new().unix_seconds();
        assert!(now > 1_774_519_200);
        assert_eq!(check_time(now, &Options::new()), Ok(()));
    }
}

//! The event in a verified body, generic over its data.

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::value::RawValue;

use crate::{Error, Reason, error::shortened};

/// Something that happened at the sender.
///
/// It comes at least once, with the same `id` each time, and in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event<T> {
    /// The same on every attempt: act on each once.
    pub id: String,
    /// Such as `deposit.completed`.
    pub event_type: String,
    /// When it was published, RFC 3339.
    pub created_at: String,
    /// What the sender says of it.
    pub data: T,
}

/// An event whose data is still the text that came, every digit of it.
pub type RawEvent = Event<Box<RawValue>>;

/// What data can be read as: everything that serde reads, and [`ByType`].
pub trait Data: Sized {
    /// Reads the data of an event of this type.
    ///
    /// # Errors
    /// When the data is something else.
    fn read(event_type: &str, data: &RawValue) -> Result<Self, serde_json::Error>;
}

impl<T: DeserializeOwned> Data for T {
    fn read(_event_type: &str, data: &RawValue) -> Result<Self, serde_json::Error> {
        serde_json::from_str(data.get())
    }
}

/// Reads each event type as a variant of an enum, so that the compiler knows which data it has.
///
/// ```
/// use serde::Deserialize;
/// use waxwing_receiver::{ByType, Event};
///
/// #[derive(Deserialize)]
/// #[serde(tag = "type", content = "data")]
/// enum Payments {
///     #[serde(rename = "deposit.completed")]
///     DepositCompleted { amount: f64, currency: String },
///     #[serde(rename = "payout.updated")]
///     PayoutUpdated { payout_id: String, status: String },
///     /// Types that this receiver does not know; more are added at any time.
///     #[serde(other, deserialize_with = "waxwing_receiver::ignore_data")]
///     Other,
/// }
///
/// # fn main() -> Result<(), waxwing_receiver::Error> {
/// # let body = br#"{"id":"evt_1","type":"deposit.completed","created_at":"2026-03-26T10:00:00.000Z","data":{"amount":250.00,"currency":"USD"}}"#;
/// let event = Event::<ByType<Payments>>::from_json(body)?;
/// match event.data.0 {
///     Payments::DepositCompleted { amount, currency } => println!("{amount} {currency}"),
///     Payments::PayoutUpdated { payout_id, status } => println!("{payout_id} is {status}"),
///     Payments::Other => println!("{} is left alone", event.event_type),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByType<T>(pub T);

impl<T: DeserializeOwned> Data for ByType<T> {
    fn read(event_type: &str, data: &RawValue) -> Result<Self, serde_json::Error> {
        // The type stands first, so that serde reads the data as it comes instead of buffering
        // it, which would not keep raw values and long numbers.
        let event_type = serde_json::to_string(event_type)?;
        let tagged = format!(r#"{{"type":{event_type},"data":{}}}"#, data.get());
        serde_json::from_str(&tagged).map(Self)
    }
}

/// For the variant of [`ByType`]'s enum that takes all other types: without it serde expects
/// their data to be null.
///
/// # Errors
/// None of its own.
pub fn ignore_data<'de, D: Deserializer<'de>>(data: D) -> Result<(), D::Error> {
    IgnoredAny::deserialize(data).map(drop)
}

/// The members that every event has; others are ignored.
#[derive(Deserialize)]
struct Envelope<'a> {
    id: String,
    #[serde(rename = "type")]
    event_type: String,
    created_at: String,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl<T: Data> Event<T> {
    /// Reads an event out of a body that was verified before, for instance one that waited in a
    /// queue. It verifies nothing.
    ///
    /// # Errors
    /// [`Reason::NotAnEvent`].
    pub fn from_json(body: &[u8]) -> Result<Self, Error> {
        let text = str::from_utf8(body).map_err(|error| no_event(&format!("it is not UTF-8: {error}")))?;
        // serde would take a list of four for the members in their order.
        if !text.trim_start().starts_with('{') {
            return Err(no_event("it is no JSON object"));
        }
        let Envelope { id, event_type, created_at, data } =
            serde_json::from_str(text).map_err(|error| no_event(&error.to_string()))?;
        let data = read(&event_type, data)?;
        Ok(Self { id, event_type, created_at, data })
    }
}

impl RawEvent {
    /// Reads the data.
    ///
    /// # Errors
    /// [`Reason::NotAnEvent`] when the data is something else.
    pub fn read<T: Data>(&self) -> Result<Event<T>, Error> {
        let Self { id, event_type, created_at, data } = self;
        let data = read(event_type, data)?;
        Ok(Event { id: id.clone(), event_type: event_type.clone(), created_at: created_at.clone(), data })
    }
}

fn read<T: Data>(event_type: &str, data: &RawValue) -> Result<T, Error> {
    T::read(event_type, data).map_err(|error| {
        let (event_type, error) = (shortened(event_type), shortened(&error.to_string()));
        Error::new(
            Reason::NotAnEvent,
            format!("the data of {event_type} is not what this receiver expects: {error}"),
        )
    })
}

fn no_event(why: &str) -> Error {
    Error::new(Reason::NotAnEvent, format!("the body is signed, but it is no event: {}", shortened(why)))
}

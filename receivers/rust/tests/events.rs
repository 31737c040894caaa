//! What data can be read as: samples of real event types, an enum of them, the text itself.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::{fs, path::Path};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use waxwing_receiver::{ByType, Error, Event, RawEvent, Reason};

fn samples() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/events");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// The event that a sender makes of a sample, which has type and data.
fn body(sample: &str) -> String {
    let envelope = r#"{"id":"evt_1","created_at":"2026-03-26T10:00:00.000Z","#;
    sample.trim_end().replacen('{', envelope, 1)
}

fn sample(event_type: &str) -> String {
    let named = format!("\"type\": \"{event_type}\"");
    body(&samples().into_iter().find(|text| text.contains(&named)).unwrap())
}

fn refused<T>(result: Result<T, Error>) -> String {
    let error = result.err().unwrap();
    assert_eq!(error.reason(), Reason::NotAnEvent);
    error.to_string()
}

#[derive(Debug, PartialEq, Deserialize)]
struct Payout {
    #[serde(rename = "payout_id")]
    id: String,
    amount: String,
    beneficiary_id: u64,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Payments {
    #[serde(rename = "deposit.confirmed")]
    DepositConfirmed { amount: String, amount_wei: Box<RawValue> },
    #[serde(rename = "payout.completed")]
    PayoutCompleted(Payout),
    #[serde(other, deserialize_with = "waxwing_receiver::ignore_data")]
    Other,
}

#[test]
fn every_sample_is_read() {
    let samples = samples();
    assert!(samples.len() > 20);
    for sample in samples {
        let event = Event::<Value>::from_json(body(&sample).as_bytes()).unwrap();
        let there: Value = serde_json::from_str(&sample).unwrap();
        assert_eq!(
            (Value::from(event.event_type), event.data),
            (there["type"].clone(), there["data"].clone())
        );
        Event::<ByType<Payments>>::from_json(body(&sample).as_bytes()).unwrap();
    }
}

#[test]
fn data_is_read_as_the_type_that_the_receiver_wants() {
    let event = Event::<Payout>::from_json(sample("payout.completed").as_bytes()).unwrap();
    let id = "b7e1f0a2-91c4-4d6b-8f2e-0d6f3a5c7e19".to_owned();
    assert_eq!(event.data, Payout { id, amount: "145000.50".to_owned(), beneficiary_id: 12 });
    assert_eq!((&*event.id, &*event.created_at), ("evt_1", "2026-03-26T10:00:00.000Z"));
}

#[test]
fn each_type_can_have_data_of_its_own() {
    let read = |event_type| Event::<ByType<Payments>>::from_json(sample(event_type).as_bytes()).unwrap();
    let Payments::PayoutCompleted(payout) = read("payout.completed").data.0 else { panic!() };
    assert_eq!(payout.beneficiary_id, 12);
    let Payments::DepositConfirmed { amount, amount_wei } = read("deposit.confirmed").data.0 else {
        panic!()
    };
    assert_eq!((&*amount, amount_wei.get()), ("1000.000000000000000001", "1000000000000000000001"));
    let other = read("card.frozen");
    assert!(matches!(other.data.0, Payments::Other));
    assert_eq!(other.event_type, "card.frozen");
}

#[test]
fn raw_data_keeps_every_digit_and_can_be_read_later() {
    let raw = RawEvent::from_json(sample("swap.completed").as_bytes()).unwrap();
    assert!(raw.data.get().contains("\"rate\": 0.000384615384615384615,"));
    let event = raw.read::<Value>().unwrap();
    assert_eq!((event.id, &event.data["swap_id"]), (raw.id.clone(), &Value::from("swp_5f90d2")));
    assert!(refused(raw.read::<Payout>()).contains("the data of swap.completed is not what"));
}

#[test]
fn long_integers_are_read_whole() {
    #[derive(Deserialize)]
    struct Amount {
        amount_wei: u128,
    }
    let event = Event::<Amount>::from_json(sample("withdrawal.completed").as_bytes()).unwrap();
    assert_eq!(event.data.amount_wei, 1_000_000_000_000_000_000_001);
}

#[test]
fn data_of_another_shape_is_refused_and_the_text_says_where() {
    let said = refused(Event::<Payout>::from_json(sample("card.frozen").as_bytes()));
    assert!(said.contains("card.frozen") && said.contains("missing field `payout_id`"), "{said}");
    let swapped = sample("payout.completed").replace("\"payout_id\"", "\"id\"");
    let said = refused(Event::<ByType<Payments>>::from_json(swapped.as_bytes()));
    assert!(said.contains("missing field `payout_id`"), "{said}");
}

#[test]
fn a_list_of_the_members_is_no_event() {
    let list = br#"["evt_1","a.b","2026-03-26T10:00:00.000Z",{}]"#;
    assert!(refused(Event::<Value>::from_json(list)).ends_with("it is no JSON object"));
}

#[test]
fn a_member_that_comes_twice_is_no_event() {
    let twice = sample("card.frozen").replacen("\"id\"", "\"id\":\"evt_0\",\"id\"", 1);
    assert!(refused(Event::<Value>::from_json(twice.as_bytes())).contains("duplicate field `id`"));
}

#[test]
fn nesting_of_any_depth_is_refused_or_left_as_it_is() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = format!(r#"{{"id":"e","type":"t","created_at":"c","data":{deep}}}"#);
    assert!(refused(Event::<Value>::from_json(body.as_bytes())).contains("recursion limit"));
    assert_eq!(RawEvent::from_json(body.as_bytes()).unwrap().data.get(), deep);
    refused(Event::<Value>::from_json(deep.as_bytes()));
}

//! The catalog of event types.

use super::world::{World, at, by, event_type};
use crate::CatalogEntry;

fn entry(kind: &str, description: Option<&str>) -> CatalogEntry {
    CatalogEntry {
        event_type: event_type(kind),
        description: description.map(Into::into),
        example: Some(r#"{"amount": 1.50}"#.into()),
        schema: Some(r#"{"type":"object"}"#.into()),
    }
}

pub(super) async fn a_type_is_added_and_replaced(w: World) {
    assert!(w.store.directory().catalog().is_empty());
    let first = entry("order.created", Some("An order was made."));
    assert!(w.store.put_event_type(first.clone(), &by(at(0))).await.unwrap());
    assert_eq!(w.store.directory().catalog().get(&first.event_type), Some(&first));
    let second = CatalogEntry { example: None, schema: None, ..entry("order.created", None) };
    assert!(!w.store.put_event_type(second.clone(), &by(at(0))).await.unwrap());
    let catalog = w.store.directory().catalog();
    assert_eq!((catalog.len(), catalog.get(&second.event_type)), (1, Some(&second)));
}

pub(super) async fn types_are_sorted_by_name(w: World) {
    for kind in ["order.deleted", "invoice.paid", "order.created"] {
        w.store.put_event_type(entry(kind, None), &by(at(0))).await.unwrap();
    }
    let catalog = w.store.directory().catalog();
    let names: Vec<_> = catalog.keys().map(ToString::to_string).collect();
    assert_eq!(names, ["invoice.paid", "order.created", "order.deleted"]);
}

pub(super) async fn a_type_is_removed(w: World) {
    let kept = entry("order.deleted", None);
    w.store.put_event_type(entry("order.created", None), &by(at(0))).await.unwrap();
    w.store.put_event_type(kept.clone(), &by(at(0))).await.unwrap();
    let before = w.store.directory().catalog();
    assert!(w.store.delete_event_type(&event_type("order.created"), &by(at(0))).await.unwrap());
    assert!(!w.store.delete_event_type(&event_type("order.created"), &by(at(0))).await.unwrap());
    assert_eq!(w.store.directory().catalog().values().collect::<Vec<_>>(), [&kept]);
    assert_eq!(before.len(), 2, "a reader keeps what it holds");
    assert!(
        w.store.put_event_type(entry("order.created", None), &by(at(0))).await.unwrap(),
        "it is new again"
    );
}

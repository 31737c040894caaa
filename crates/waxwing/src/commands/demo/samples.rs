//! The sample events of a payments platform, built into the program.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::value::RawValue;

/// `{"type", "data"}` each.
const SAMPLES: [&str; 10] = [
    include_str!("../../../../../samples/events/deposit.created.json"),
    include_str!("../../../../../samples/events/customer.kyc.approved.json"),
    include_str!("../../../../../samples/events/payout.updated.json"),
    include_str!("../../../../../samples/events/virtual_account.funded.json"),
    include_str!("../../../../../samples/events/card.transaction.failed.json"),
    include_str!("../../../../../samples/events/swap.completed.json"),
    include_str!("../../../../../samples/events/withdrawal.completed.json"),
    include_str!("../../../../../samples/events/iban.transfer.received.json"),
    include_str!("../../../../../samples/events/master_wallet.deposit.json"),
    include_str!("../../../../../samples/events/transaction.settled.json"),
];

/// An event to be published.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    /// Its type.
    pub(super) event_type: String,
    /// The JSON of its data, to the byte.
    pub(super) data: String,
}

impl Sample {
    /// The id that its publisher chooses.
    pub(super) fn id(&self) -> String {
        format!("demo-{}", self.event_type.replace('.', "-"))
    }

    /// The body of its publish.
    pub(super) fn request(&self, account: &str) -> String {
        let (id, event_type, data) = (self.id(), &self.event_type, &self.data);
        format!(r#"{{"account_id":"{account}","type":"{event_type}","id":"{id}","data":{data}}}"#)
    }
}

/// All of them.
pub(super) fn read() -> anyhow::Result<Vec<Sample>> {
    SAMPLES
        .iter()
        .map(|text| {
            let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text)?;
            let member = |name| members.get(name).with_context(|| format!("a sample event has no {name}"));
            let event_type = serde_json::from_str(member("type")?.get())?;
            Ok(Sample { event_type, data: member("data")?.get().to_owned() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_an_event_with_data() {
        for sample in read().unwrap() {
            assert!(waxwing_core::EventType::parse(&sample.event_type).is_ok(), "{}", sample.event_type);
            assert!(waxwing_core::EventId::parse(&sample.id()).is_ok(), "{}", sample.id());
            assert!(serde_json::from_str::<serde_json::Value>(&sample.request("acme")).is_ok());
        }
    }
}

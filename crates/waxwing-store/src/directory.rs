//! Configuration in memory: who a key speaks for, which webhooks an event goes
//! to, where a webhook's deliveries are sent, which keys seal its secrets.
//!
//! The store fills it when it opens and changes it after each commit, before the
//! caller is answered; changes of other nodes arrive within a second. Publishing
//! and sending read it without a look at the database.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use parking_lot::RwLock;
use waxwing_core::{AccountId, EventType, KeyId, Pattern, Timestamp, WebhookId, WebhookStatus, seal::Sealed};

use crate::{CatalogEntry, Credentials, DataKey, Principal, SigningKeys};

/// What sending and matching need of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its row.
    pub row: i64,
    /// Its account's row.
    pub account_row: i64,
    /// Its id.
    pub id: WebhookId,
    /// Its account.
    pub account: AccountId,
    /// Where deliveries go.
    pub url: String,
    /// What it subscribes to.
    pub events: Vec<Pattern>,
    /// Whether it takes deliveries.
    pub status: WebhookStatus,
    /// Active again, but what was held is not back in order yet.
    pub releasing: bool,
    /// The signing secret.
    pub secret: Sealed,
    /// The one before it and until when it is valid.
    pub previous: Option<(Sealed, Timestamp)>,
    /// What signs beside them.
    pub signing_keys: SigningKeys,
    /// What its receiver asks for besides the signature.
    pub credentials: Credentials,
}

impl Target {
    /// Whether deliveries may be sent now.
    pub fn takes_deliveries(&self) -> bool {
        self.status.is_active() && !self.releasing
    }

    /// Whether it subscribes to this type.
    pub fn subscribes(&self, event_type: &EventType) -> bool {
        self.events.iter().any(|pattern| pattern.matches(event_type))
    }
}

/// Accounts and webhooks that are not deleted; webhooks by status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    /// Accounts.
    pub accounts: usize,
    /// Webhooks that take deliveries.
    pub active: usize,
    /// Webhooks that their account paused.
    pub inactive: usize,
    /// Webhooks that the service disabled.
    pub disabled: usize,
}

/// Configuration in memory.
#[derive(Debug, Default)]
pub struct Directory {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    accounts: HashMap<AccountId, i64>,
    keys: HashMap<[u8; 32], Principal>,
    targets: HashMap<i64, Arc<Target>>,
    /// Rows of webhooks by their ids.
    rows: HashMap<WebhookId, i64>,
    /// Rows of an account's webhooks, oldest first.
    by_account: HashMap<i64, Vec<i64>>,
    catalog: Arc<BTreeMap<EventType, CatalogEntry>>,
    data_keys: BTreeMap<u32, DataKey>,
}

impl Directory {
    /// An account's row.
    pub fn account(&self, id: &AccountId) -> Option<i64> {
        self.state.read().accounts.get(id).copied()
    }

    /// Who the key with this SHA-256 speaks for.
    pub fn principal(&self, hash: &[u8; 32]) -> Option<Principal> {
        self.state.read().keys.get(hash).cloned()
    }

    /// A webhook that is not deleted.
    pub fn target(&self, row: i64) -> Option<Arc<Target>> {
        self.state.read().targets.get(&row).cloned()
    }

    /// The webhook of this id, if it is not deleted.
    pub fn target_named(&self, id: &WebhookId) -> Option<Arc<Target>> {
        let state = self.state.read();
        state.rows.get(id).and_then(|row| state.targets.get(row)).cloned()
    }

    /// The webhooks of an account that subscribe to a type, oldest first.
    pub fn subscribers(&self, account_row: i64, event_type: &EventType) -> Vec<Arc<Target>> {
        let state = self.state.read();
        let rows = state.by_account.get(&account_row).map_or(&[][..], Vec::as_slice);
        rows.iter()
            .filter_map(|row| state.targets.get(row))
            .filter(|target| target.subscribes(event_type))
            .cloned()
            .collect()
    }

    /// The webhooks of an account, oldest first.
    pub fn targets_of(&self, account_row: i64) -> Vec<Arc<Target>> {
        let state = self.state.read();
        let rows = state.by_account.get(&account_row).map_or(&[][..], Vec::as_slice);
        rows.iter().filter_map(|row| state.targets.get(row)).cloned().collect()
    }

    /// Every webhook that is not deleted, oldest first.
    pub fn target_rows(&self) -> Vec<i64> {
        let mut rows: Vec<i64> = self.state.read().targets.keys().copied().collect();
        rows.sort_unstable();
        rows
    }

    /// How much there is.
    pub fn census(&self) -> Census {
        let state = self.state.read();
        let mut census = Census { accounts: state.accounts.len(), ..Census::default() };
        for target in state.targets.values() {
            *match target.status {
                WebhookStatus::Active => &mut census.active,
                WebhookStatus::Inactive => &mut census.inactive,
                WebhookStatus::Disabled(_) => &mut census.disabled,
            } += 1;
        }
        census
    }

    /// The catalog of event types.
    pub fn catalog(&self) -> Arc<BTreeMap<EventType, CatalogEntry>> {
        self.state.read().catalog.clone()
    }

    /// Data keys, oldest first.
    pub fn data_keys(&self) -> Vec<DataKey> {
        self.state.read().data_keys.values().cloned().collect()
    }

    /// The data key of this number.
    pub fn data_key(&self, number: u32) -> Option<DataKey> {
        self.state.read().data_keys.get(&number).cloned()
    }

    /// The number of the data key that seals.
    pub fn newest_data_key(&self) -> Option<u32> {
        self.state.read().data_keys.last_key_value().map(|(number, _)| *number)
    }

    // What follows is for stores.

    /// Adds an account.
    pub fn put_account(&self, id: AccountId, row: i64) {
        self.state.write().accounts.insert(id, row);
    }

    /// Removes an account with its keys and webhooks.
    pub fn remove_account(&self, id: &AccountId) {
        let mut state = self.state.write();
        let Some(row) = state.accounts.remove(id) else {
            return;
        };
        for webhook in state.by_account.remove(&row).unwrap_or_default() {
            if let Some(target) = state.targets.remove(&webhook) {
                state.rows.remove(&target.id);
            }
        }
        state.keys.retain(|_, principal| principal.account.as_ref() != Some(id));
    }

    /// Adds a key.
    pub fn put_key(&self, hash: [u8; 32], principal: Principal) {
        self.state.write().keys.insert(hash, principal);
    }

    /// Removes a key.
    pub fn remove_key(&self, id: &KeyId) {
        self.state.write().keys.retain(|_, principal| principal.key != *id);
    }

    /// Removes portal tokens that ended before `cutoff`.
    pub fn remove_portal_tokens(&self, cutoff: Timestamp) {
        let ended = |principal: &Principal| principal.expires_at.is_some_and(|end| end < cutoff);
        self.state.write().keys.retain(|_, principal| !(principal.portal && ended(principal)));
    }

    /// Adds or replaces a webhook.
    pub fn put_target(&self, target: Target) {
        let mut state = self.state.write();
        let (row, account_row) = (target.row, target.account_row);
        state.rows.insert(target.id.clone(), row);
        if state.targets.insert(row, Arc::new(target)).is_none() {
            let rows = state.by_account.entry(account_row).or_default();
            let at = rows.partition_point(|other| *other < row);
            rows.insert(at, row);
        }
    }

    /// Removes a deleted webhook.
    pub fn remove_target(&self, row: i64) {
        let mut state = self.state.write();
        let Some(target) = state.targets.remove(&row) else {
            return;
        };
        state.rows.remove(&target.id);
        if let Some(rows) = state.by_account.get_mut(&target.account_row) {
            rows.retain(|other| *other != row);
        }
    }

    /// Adds or replaces an event type.
    pub fn put_event_type(&self, entry: CatalogEntry) {
        let mut state = self.state.write();
        Arc::make_mut(&mut state.catalog).insert(entry.event_type.clone(), entry);
    }

    /// Removes an event type.
    pub fn remove_event_type(&self, event_type: &EventType) {
        Arc::make_mut(&mut self.state.write().catalog).remove(event_type);
    }

    /// Adds or replaces a data key.
    pub fn put_data_key(&self, key: DataKey) {
        self.state.write().data_keys.insert(key.number, key);
    }

    /// Removes a data key.
    pub fn remove_data_key(&self, number: u32) {
        self.state.write().data_keys.remove(&number);
    }
}

#[cfg(test)]
mod tests {
    use waxwing_core::Role;

    use super::*;

    fn account(text: &str) -> AccountId {
        AccountId::parse(text).unwrap()
    }

    fn event_type(text: &str) -> EventType {
        EventType::parse(text).unwrap()
    }

    fn key(mark: u8) -> KeyId {
        KeyId::generate(Timestamp::EPOCH, [mark; 10])
    }

    fn principal(mark: u8, account: Option<AccountId>) -> Principal {
        let role = if account.is_some() { Role::Account } else { Role::Operator };
        Principal { key: key(mark), role, account, expires_at: None, portal: false }
    }

    fn target(row: i64, account_row: i64, events: &str) -> Target {
        Target {
            row,
            account_row,
            id: WebhookId::generate(Timestamp::EPOCH, [row.to_le_bytes()[0]; 10]),
            account: account(&format!("account{account_row}")),
            url: "https://receiver.example/".into(),
            events: vec![Pattern::parse(events).unwrap()],
            status: WebhookStatus::Active,
            releasing: false,
            secret: Sealed::from_bytes(vec![1]),
            previous: None,
            signing_keys: SigningKeys::default(),
            credentials: Credentials::default(),
        }
    }

    fn rows(targets: &[Arc<Target>]) -> Vec<i64> {
        targets.iter().map(|target| target.row).collect()
    }

    #[test]
    fn subscribers_are_those_of_the_account_and_the_type_oldest_first() {
        let directory = Directory::default();
        for target in
            [target(5, 1, "order.*"), target(3, 1, "*"), target(4, 2, "*"), target(2, 1, "invoice.*")]
        {
            directory.put_target(target);
        }
        assert_eq!(rows(&directory.subscribers(1, &event_type("order.created"))), [3, 5]);
        assert_eq!(rows(&directory.targets_of(1)), [2, 3, 5]);
        assert!(directory.targets_of(9).is_empty());
        assert_eq!(directory.target_rows().len(), 4);
    }

    #[test]
    fn a_webhook_put_again_is_replaced() {
        let directory = Directory::default();
        directory.put_target(target(1, 1, "order.*"));
        directory.put_target(Target { status: WebhookStatus::Inactive, ..target(1, 1, "invoice.*") });
        assert_eq!(rows(&directory.targets_of(1)), [1]);
        assert!(directory.subscribers(1, &event_type("order.created")).is_empty());
        assert!(!directory.target(1).unwrap().takes_deliveries());
    }

    #[test]
    fn a_webhook_takes_deliveries_when_it_is_active_and_released() {
        let held = Target { releasing: true, ..target(1, 1, "*") };
        assert!(!held.takes_deliveries());
        assert!(Target { releasing: false, ..held.clone() }.takes_deliveries());
        assert!(!Target { releasing: false, status: WebhookStatus::Inactive, ..held }.takes_deliveries());
    }

    #[test]
    fn a_removed_webhook_leaves_nothing_behind() {
        let directory = Directory::default();
        directory.put_target(target(1, 1, "*"));
        directory.put_target(target(2, 1, "*"));
        let id = directory.target(1).unwrap().id.clone();
        assert_eq!(directory.target_named(&id).unwrap().row, 1);
        directory.remove_target(1);
        directory.remove_target(1);
        assert!(directory.target(1).is_none() && directory.target_named(&id).is_none());
        assert_eq!(rows(&directory.targets_of(1)), [2]);
    }

    #[test]
    fn an_account_goes_with_its_webhooks_and_keys_and_no_others() {
        let directory = Directory::default();
        for row in 1..=2 {
            let id = account(&format!("account{row}"));
            directory.put_account(id.clone(), row);
            directory.put_target(target(row * 10, row, "*"));
            let mark = row.to_le_bytes()[0];
            directory.put_key([mark; 32], principal(mark, Some(id)));
        }
        let ids = [10, 20].map(|row| directory.target(row).unwrap().id.clone());
        directory.put_key([9; 32], principal(9, None));
        directory.remove_account(&account("account1"));
        directory.remove_account(&account("never"));
        assert_eq!(
            (directory.account(&account("account1")), directory.account(&account("account2"))),
            (None, Some(2))
        );
        assert_eq!(directory.target_rows(), [20]);
        assert_eq!(ids.map(|id| directory.target_named(&id).map(|target| target.row)), [None, Some(20)]);
        assert_eq!(directory.principal(&[1; 32]), None);
        assert!(directory.principal(&[2; 32]).is_some());
        assert_eq!(directory.principal(&[9; 32]), Some(principal(9, None)));
    }

    #[test]
    fn a_removed_key_speaks_for_nobody() {
        let directory = Directory::default();
        directory.put_key([1; 32], principal(1, None));
        directory.put_key([2; 32], principal(2, None));
        directory.remove_key(&key(1));
        assert!(directory.principal(&[1; 32]).is_none() && directory.principal(&[2; 32]).is_some());
    }

    #[test]
    fn who_holds_a_catalog_keeps_it_while_it_changes() {
        let directory = Directory::default();
        let entry = |text| CatalogEntry {
            event_type: event_type(text),
            description: None,
            example: None,
            schema: None,
        };
        directory.put_event_type(entry("order.created"));
        let held = directory.catalog();
        directory.put_event_type(entry("invoice.paid"));
        directory.remove_event_type(&event_type("order.created"));
        assert_eq!(held.keys().collect::<Vec<_>>(), [&event_type("order.created")]);
        assert_eq!(directory.catalog().keys().collect::<Vec<_>>(), [&event_type("invoice.paid")]);
    }
}

//! Nodes and their leases.
//!
//! A node owns what it accepted for as long as it renews its lease: one row a
//! node, not one a delivery. A node that registers again under its name gets its
//! work back with a new epoch, which shuts its former self out.

use waxwing_core::Timestamp;

/// A registered node. Copies of an older epoch can neither renew nor record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Node {
    /// The node's row.
    pub id: i64,
    /// Counts the registrations under its name.
    pub epoch: i64,
    /// Until when the lease runs, by the clock of the call that set it.
    pub lease_until: Timestamp,
}

/// What a takeover brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TakenOver {
    /// Deliveries that belong to this node now.
    pub deliveries: usize,
    /// The webhooks that they wait for.
    pub webhooks: Vec<i64>,
    /// Whether more can be had at once.
    pub more: bool,
}

/// A node, as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeEntry {
    /// Its name.
    pub name: String,
    /// Until when its lease runs; `None` when it left, or its work was taken over.
    pub lease_until: Option<Timestamp>,
}

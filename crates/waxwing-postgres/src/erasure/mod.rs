//! Erasing personal data, and the receipts.
//!
//! Locks are taken in the order of everybody else: configuration, what waits,
//! deliveries, events. What is erased is gone for every statement at once; from the
//! database's files it goes with vacuum.

mod account;
mod event;
mod receipts;

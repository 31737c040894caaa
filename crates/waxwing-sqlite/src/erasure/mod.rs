//! Erasing personal data, and the receipts.
//!
//! What is erased is overwritten with zeros in the file (`secure_delete`), and an
//! erasure is complete only when the write-ahead log, which holds older versions of
//! pages, was emptied since.

mod account;
mod event;
mod receipts;

pub(crate) use account::{Bite, look};
pub(crate) use receipts::{list, one};

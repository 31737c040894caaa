//! How often each kind of fault happened: one that never does proves nothing.

use std::{collections::BTreeMap, fmt};

use parking_lot::Mutex;

/// Declares the kinds of faults with their words, and the list of all.
macro_rules! faults {
    ($($name:ident: $words:literal,)*) => {
        /// What may go wrong in a history; `faults` says what each of them is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the words say it")]
        pub enum Fault { $($name,)* }

        impl Fault {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }

        impl fmt::Display for Fault {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Self::$name => $words,)* })
            }
        }
    };
}

faults! {
    Killed: "process killed",
    KilledSending: "  with attempts under way",
    ToldToEnd: "process told to end",
    EndedSending: "  with attempts under way",
    Stopped: "process stopped (SIGSTOP)",
    LeaseLost: "lease lost, engine started anew",
    TakenOver: "delivery gone on with at another machine",
    Renamed: "machine that registers under new names",
    NameTaken: "process under another machine's name",
    ClockSet: "clock set",
    CommitFailed: "commit failed",
    CutOff: "machine cut off from the database",
    CallLost: "call to the database lost",
    AnswerLost: "commit whose answer was lost",
    DatabaseSlow: "call to the database slow",
    Isolated: "machine cut off from clients and receivers",
    ClientUnheard: "API request lost",
    ClientUnanswered: "API answer lost",
    RequestLost: "request to a receiver lost",
    RequestTwice: "request to a receiver arrived twice",
    ReceiverSlow: "receiver slow",
    ReceiverHung: "receiver hung",
    ReceiverReset: "receiver reset the connection",
    ReceiverFailed: "receiver said 500",
    ReceiverBusy: "receiver said 429",
    ReceiverGone: "receiver said 410",
    ReceiverTookNothing: "receiver lied: 200, and took nothing",
    ReceiverTookIt: "receiver lied: 500, and took it",
}

/// The count of a history.
#[derive(Default)]
pub(crate) struct Tally(Mutex<BTreeMap<Fault, u64>>);

impl Tally {
    pub(crate) fn count(&self, fault: Fault) {
        *self.0.lock().entry(fault).or_default() += 1;
    }

    pub(crate) fn take(&self) -> BTreeMap<Fault, u64> {
        std::mem::take(&mut self.0.lock())
    }
}

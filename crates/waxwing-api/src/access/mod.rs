//! What is remembered of who asks, in the memory of this node: how often it failed to show
//! a valid key, how often it asked, and when it used its key last.
//!
//! Nothing here decides what a key may do; that is `auth`.

mod rates;
mod source;
mod uses;

use std::{net::IpAddr, time::Duration};

use ipnet::IpNet;
use waxwing_core::{Rate, Timestamp};
use waxwing_store::Principal;

use rates::{Failures, Requests};
use uses::Uses;

pub(crate) use source::Source;
pub use uses::noting_uses;

/// Bounds of those who ask; 0 is none.
#[derive(Debug, Clone, Default)]
pub struct AccessOptions {
    /// Requests with a key that is not valid, from one address in a minute.
    pub failures_per_minute: u32,
    /// Requests with one account key or portal token in a second.
    pub account_requests_per_second: u32,
    /// Requests with one key of the operator in a second.
    pub operator_requests_per_second: u32,
    /// Proxies whose word about where a request came from is believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// Who asked how often, and when.
#[derive(Debug)]
pub struct Access {
    failures: Failures,
    of_accounts: Requests,
    of_operators: Requests,
    uses: Uses,
    trusted_proxies: Vec<IpNet>,
}

/// A request comes too soon: how long to wait, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooSoon {
    /// Its address showed too many keys that are not valid.
    Failures(Duration),
    /// Its key is used too often.
    Requests(Duration),
}

impl Access {
    /// With these bounds, and nobody seen yet.
    pub fn new(options: AccessOptions) -> Self {
        let second = |count| Rate::new(count, Duration::from_secs(1));
        Self {
            failures: Failures::new(Rate::new(options.failures_per_minute, Duration::from_mins(1))),
            of_accounts: Requests::new(second(options.account_requests_per_second)),
            of_operators: Requests::new(second(options.operator_requests_per_second)),
            uses: Uses::default(),
            trusted_proxies: options.trusted_proxies,
        }
    }

    /// Lets the holder of a valid key in, and notes it.
    pub(crate) fn admit(
        &self,
        source: Option<IpAddr>,
        principal: &Principal,
        now: Timestamp,
    ) -> Result<(), TooSoon> {
        if let Some(source) = source {
            self.failures.admit(source, &principal.key, now).map_err(TooSoon::Failures)?;
        }
        let requests = if principal.role.is_of_an_account() { &self.of_accounts } else { &self.of_operators };
        requests.admit(&principal.key, now).map_err(TooSoon::Requests)?;
        self.uses.note(&principal.key, now);
        Ok(())
    }

    /// Notes a key that is not valid.
    pub(crate) fn fail(&self, source: Option<IpAddr>, now: Timestamp) -> Result<(), TooSoon> {
        source.map_or(Ok(()), |source| self.failures.fail(source, now).map_err(TooSoon::Failures))
    }
}

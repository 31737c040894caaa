//! Where deliveries may go: public addresses, by HTTPS.
//!
//! A URL is judged when it is configured and again before each attempt; a host
//! name proves nothing, so that every address that DNS answers is judged too, and
//! the connection must be made to the very address that was. The operator may
//! allow networks that are not public, and deny networks, hosts and ports.
//!
//! Reasons and their RFCs: `address.rs`. Reading URLs: `url.rs`. What the operator
//! can say: `rules.rs`.

mod address;
mod look_alike;
mod nat64;
mod ports;
mod rules;
mod url;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    ops::RangeInclusive,
};

use ipnet::IpNet;

pub use address::{ForbiddenAddress, Reason};
pub use nat64::{Nat64Prefix, Nat64PrefixError};
pub use rules::{HostPattern, HostPatternError, TargetRules};
pub use url::{MAX_URL_LEN, TargetUrl, UrlError};

/// Where deliveries may go. By default to public addresses, and to all ports but
/// those that browsers block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetPolicy {
    rules: TargetRules,
}

impl TargetPolicy {
    /// Public addresses, and those of the `allowed` networks whatever they are.
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self::of(TargetRules { allowed_networks: allowed, ..TargetRules::default() })
    }

    /// What these rules say.
    pub fn of(rules: TargetRules) -> Self {
        Self { rules }
    }

    /// Judges the URL of a webhook. A host name is not resolved here.
    ///
    /// # Errors
    /// [`UrlError`] says what is wrong with it.
    pub fn check_url(&self, url: &str) -> Result<TargetUrl, UrlError> {
        let target = TargetUrl::parse(url)?;
        match target.address() {
            Some(address) => self.check_address(address)?,
            None => self.check_host(&target)?,
        }
        self.check_port(target.port())?;
        Ok(target)
    }

    /// Judges one address.
    ///
    /// # Errors
    /// [`ForbiddenAddress`] when it is denied, or neither public nor allowed.
    pub fn check_address(&self, address: IpAddr) -> Result<(), ForbiddenAddress> {
        let address = address.to_canonical();
        let forbidden = |reason| Err(ForbiddenAddress { address, reason });
        let destination = address::destination(address, &self.rules.nat64_prefixes);
        let denied = |net: &IpNet| net.contains(&address) || net.contains(&destination);
        if self.rules.denied_networks.iter().any(denied) {
            return forbidden(Reason::Denied);
        }
        let is_metadata = address::is_metadata(destination);
        let opens = |net: &IpNet| {
            if is_metadata { *net == IpNet::from(destination) } else { net.contains(&destination) }
        };
        if self.rules.allowed_networks.iter().any(opens) {
            return Ok(());
        }
        if is_metadata {
            return forbidden(Reason::NotPublic("metadata service of a cloud"));
        }
        match address::not_public(destination) {
            Some(what) => forbidden(Reason::NotPublic(what)),
            None => Ok(()),
        }
    }

    /// Judges what DNS answered. One forbidden address rejects all of them: a
    /// name that leads inside and outside at once is an attack or a mistake.
    /// No addresses are no offence; the caller has nothing to connect to.
    ///
    /// # Errors
    /// [`ForbiddenAddress`] for the first that is denied, or neither public nor
    /// allowed.
    pub fn check_answer(&self, addresses: &[IpAddr]) -> Result<(), ForbiddenAddress> {
        addresses.iter().try_for_each(|address| self.check_address(*address))
    }

    fn check_host(&self, target: &TargetUrl) -> Result<(), UrlError> {
        let host = target.host();
        if self.rules.denied_hosts.iter().any(|pattern| pattern.matches(host)) {
            return Err(UrlError::DeniedHost);
        }
        if address::METADATA_HOSTS.contains(&host) {
            return Err(UrlError::Metadata);
        }
        if target.is_this_machine() {
            self.check_this_machine()?;
        }
        Ok(())
    }

    /// `localhost` stands for both loopback addresses; one of them is enough.
    fn check_this_machine(&self) -> Result<(), ForbiddenAddress> {
        self.check_address(Ipv6Addr::LOCALHOST.into())
            .or_else(|_| self.check_address(Ipv4Addr::LOCALHOST.into()))
    }

    fn check_port(&self, port: u16) -> Result<(), UrlError> {
        let TargetRules { allowed_ports, denied_ports, .. } = &self.rules;
        let among = |ranges: &[RangeInclusive<u16>]| ranges.iter().any(|range| range.contains(&port));
        if among(denied_ports) || !(allowed_ports.is_empty() || among(allowed_ports)) {
            return Err(UrlError::DeniedPort(port));
        }
        if allowed_ports.is_empty() && ports::is_blocked(port) {
            return Err(UrlError::BlockedPort(port));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

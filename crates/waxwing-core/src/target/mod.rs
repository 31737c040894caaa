//! Where deliveries may go: public addresses, by HTTPS.
//!
//! A URL is judged when it is configured and again before each attempt; a host
//! name proves nothing, so that every address that DNS answers is judged too, and
//! the connection must be made to the very address that was. The operator may
//! allow networks that are not public.
//!
//! Reasons and their RFCs: `address.rs`. Reading URLs: `url.rs`.

mod address;
mod url;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

pub use address::ForbiddenAddress;
pub use url::{MAX_URL_LEN, TargetUrl, UrlError};

/// Which addresses deliveries may reach. By default the public ones alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetPolicy {
    allowed: Vec<IpNet>,
}

impl TargetPolicy {
    /// Public addresses, and those of the `allowed` networks whatever they are.
    /// An IPv4 network also allows the IPv6 addresses that embed its addresses.
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed }
    }

    /// Judges the URL of a webhook. A host name is not resolved here.
    ///
    /// # Errors
    /// [`UrlError`] says what is wrong with it.
    pub fn check_url(&self, url: &str) -> Result<TargetUrl, UrlError> {
        let target = TargetUrl::parse(url)?;
        match target.address() {
            Some(address) => self.check_address(address)?,
            None if target.is_this_machine() => self.check_this_machine()?,
            None => {}
        }
        Ok(target)
    }

    /// Judges one address.
    ///
    /// # Errors
    /// [`ForbiddenAddress`] when it is neither public nor allowed.
    pub fn check_address(&self, address: IpAddr) -> Result<(), ForbiddenAddress> {
        // `::ffff:a.b.c.d` is sent as IPv4 by the operating system.
        let address = address.to_canonical();
        let embedded = address::embedded(address).map(IpAddr::V4);
        let reachable = [Some(address), embedded];
        let is_allowed = |address: &IpAddr| self.allowed.iter().any(|net| net.contains(address));
        if reachable.iter().flatten().any(is_allowed) {
            return Ok(());
        }
        match address::reason(address) {
            Some(reason) => Err(ForbiddenAddress { address, reason }),
            None => Ok(()),
        }
    }

    /// Judges what DNS answered. One forbidden address rejects all of them: a
    /// name that leads inside and outside at once is an attack or a mistake.
    /// No addresses are no offence; the caller has nothing to connect to.
    ///
    /// # Errors
    /// [`ForbiddenAddress`] for the first that is neither public nor allowed.
    pub fn check_answer(&self, addresses: &[IpAddr]) -> Result<(), ForbiddenAddress> {
        addresses.iter().try_for_each(|address| self.check_address(*address))
    }

    /// `localhost` stands for both loopback addresses; one of them is enough.
    fn check_this_machine(&self) -> Result<(), ForbiddenAddress> {
        self.check_address(Ipv6Addr::LOCALHOST.into())
            .or_else(|_| self.check_address(Ipv4Addr::LOCALHOST.into()))
    }
}

#[cfg(test)]
mod tests;

//! What the operator says about where deliveries may go.

use std::{ops::RangeInclusive, str::FromStr};

use ::url::Host;
use ipnet::IpNet;

use super::{nat64::Nat64Prefix, url::host_name};

/// The operator's rules. By default there are none. What is denied stays denied
/// whatever else is allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetRules {
    /// Networks that may be reached although they are not public. One of IPv4 also
    /// opens the IPv6 addresses that embed its addresses. The metadata service of a
    /// cloud is opened only by a network that is its address alone.
    pub allowed_networks: Vec<IpNet>,
    /// Networks that may not be reached. One of IPv4 also closes the IPv6 addresses
    /// that embed its addresses.
    pub denied_networks: Vec<IpNet>,
    /// Hosts that no URL may name.
    pub denied_hosts: Vec<HostPattern>,
    /// If there are any, the only ports that URLs may name; also ones that browsers
    /// block.
    pub allowed_ports: Vec<RangeInclusive<u16>>,
    /// Ports that no URL may name.
    pub denied_ports: Vec<RangeInclusive<u16>>,
    /// Prefixes that a network chose for its translation of IPv6 to IPv4. Addresses
    /// with such a prefix are judged as the IPv4 address in them.
    pub nat64_prefixes: Vec<Nat64Prefix>,
}

/// Hosts: one by its name, or with `*.` in front all those below a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    name: String,
    below: bool,
}

/// A text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HostPatternError {
    /// It has no valid name.
    #[error("a host pattern is a name, or *. and a name, such as hooks.example.com or *.example.com")]
    Name,
    /// It is an address.
    #[error("an address is no host name: deny its network instead")]
    Address,
}

impl HostPattern {
    /// Whether a host is one of these. It is given as [`super::TargetUrl::host`] is.
    pub fn matches(&self, host: &str) -> bool {
        if self.below {
            host.strip_suffix(&self.name).is_some_and(|rest| rest.ends_with('.'))
        } else {
            host == self.name
        }
    }
}

impl FromStr for HostPattern {
    type Err = HostPatternError;

    /// The name is brought into the form that hosts of URLs have: lowercase ASCII
    /// without a final dot.
    fn from_str(text: &str) -> Result<Self, HostPatternError> {
        let below = text.strip_prefix("*.");
        match Host::parse(below.unwrap_or(text)) {
            Ok(Host::Domain(name)) => {
                let name = host_name(&name).map_err(|_| HostPatternError::Name)?.to_owned();
                Ok(Self { name, below: below.is_some() })
            }
            Ok(Host::Ipv4(_) | Host::Ipv6(_)) => Err(HostPatternError::Address),
            Err(_) => Err(HostPatternError::Name),
        }
    }
}

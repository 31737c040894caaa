//! The settings that say where deliveries may go.

use std::{net::IpAddr, ops::RangeInclusive};

use ipnet::IpNet;
use waxwing_core::target::{HostPattern, Nat64Prefix, TargetRules};

use super::settings::Reader;

type Result<T> = std::result::Result<T, String>;

impl Reader<'_> {
    /// What is not given is empty; what cannot be used is noted.
    pub(super) fn rules(&mut self) -> TargetRules {
        TargetRules {
            allowed_networks: self.optional("allowed_networks", networks).unwrap_or_default(),
            denied_networks: self.optional("denied_networks", networks).unwrap_or_default(),
            denied_hosts: self.optional("denied_hosts", hosts).unwrap_or_default(),
            allowed_ports: self.optional("allowed_ports", ports).unwrap_or_default(),
            denied_ports: self.optional("denied_ports", ports).unwrap_or_default(),
            nat64_prefixes: self.optional("nat64_prefixes", prefixes).unwrap_or_default(),
        }
    }
}

/// What is separated by commas.
pub(super) fn list<T>(text: &str, item: impl Fn(&str) -> Result<T>) -> Result<Vec<T>> {
    text.split(',').map(|part| item(part.trim())).collect()
}

/// Networks. A bare address stands for itself.
pub(super) fn networks(text: &str) -> Result<Vec<IpNet>> {
    list(text, |part| {
        let alone = || part.parse::<IpAddr>().ok().map(IpNet::from);
        part.parse::<IpNet>().ok().or_else(alone).ok_or_else(|| {
            format!("{part:?} is no network; write CIDRs separated by commas, such as 10.0.0.0/8,fd00::/8")
        })
    })
}

fn hosts(text: &str) -> Result<Vec<HostPattern>> {
    list(text, |part| part.parse().map_err(|error| format!("{part:?} cannot be used: {error}")))
}

fn prefixes(text: &str) -> Result<Vec<Nat64Prefix>> {
    list(text, |part| part.parse().map_err(|error| format!("{part:?} cannot be used: {error}")))
}

/// Ports, and ranges of them.
fn ports(text: &str) -> Result<Vec<RangeInclusive<u16>>> {
    list(text, |part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let port = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port != 0);
        match (port(first), port(last)) {
            (Some(first), Some(last)) if first <= last => Ok(first..=last),
            _ => Err(format!(
                "{part:?} is no port from 1 to 65535; write ports and ranges separated by commas, such as 443,8000-8999"
            )),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_cidrs_or_addresses() {
        assert_eq!(networks("10.0.0.0/8, ::1").unwrap().len(), 2);
        assert!(networks("10.0.0.0/99").is_err());
        assert!(networks("example.com").is_err());
    }

    #[test]
    fn ports_are_numbers_or_ranges() {
        assert_eq!(ports("443, 8000-8999").unwrap(), [443..=443, 8000..=8999]);
        for text in ["", "0", "65536", "9-8", "-", "80-", "https", "1--2"] {
            assert!(ports(text).unwrap_err().contains("443,8000-8999"), "{text:?}");
        }
    }

    #[test]
    fn hosts_and_prefixes_say_what_to_write() {
        assert_eq!(hosts("a.example, *.b.example").unwrap().len(), 2);
        assert!(hosts("10.0.0.1").unwrap_err().contains("deny its network"));
        assert!(hosts("a.example,").unwrap_err().contains("*.example.com"));
        assert_eq!(prefixes("64:ff9b:1::/48,2001:db8:64::/96").unwrap().len(), 2);
        assert!(prefixes("64:ff9b:1::/50").unwrap_err().contains("32, 40, 48, 56, 64 or 96 bits"));
    }
}

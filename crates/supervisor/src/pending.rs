//! Connections without a place: accepted and no request yet, refused and not closed yet, released and not
//! closed yet. They are bounded, and who holds most of them loses one first.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Instant;

use crate::places::Who;

/// Connections without a place, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    entries: VecDeque<(Who, IpAddr, Instant)>,
}

impl Pending {
    pub(crate) fn add(&mut self, who: Who, peer: IpAddr, now: Instant) {
        self.entries.push_back((who, household(peer), now));
    }

    pub(crate) fn remove(&mut self, who: Who) {
        self.entries.retain(|(entry, _, _)| *entry != who);
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The oldest connection of the address that has most, and since when it is here.
    pub(crate) fn most_dispensable(&self) -> Option<(Who, Instant)> {
        let mut counts: HashMap<IpAddr, usize> = HashMap::new();
        for (_, address, _) in &self.entries {
            *counts.entry(*address).or_default() += 1;
        }
        let most = counts.values().max()?;
        self.entries
            .iter()
            .find(|(_, address, _)| counts.get(address) == Some(most))
            .map(|(who, _, since)| (*who, *since))
    }
}

/// Whom an address belongs to: with IPv6 a peer has all addresses of a /64 to call from.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Instant;

    use super::Pending;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_address_that_has_most_loses_its_oldest() {
        let mut pending = Pending::default();
        let now = Instant::now();
        pending.add(1, address("10.0.0.9"), now);
        for who in 2..=5 {
            pending.add(who, address("10.6.6.6"), now);
        }
        assert_eq!(pending.most_dispensable(), Some((2, now)));
        pending.remove(2);
        assert_eq!(pending.most_dispensable(), Some((3, now)));
        assert_eq!(pending.len(), 4);
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one() {
        let mut pending = Pending::default();
        let now = Instant::now();
        pending.add(1, address("10.0.0.9"), now);
        pending.add(2, address("2001:db8::1"), now);
        pending.add(3, address("2001:db8::ffff:1"), now);
        pending.add(4, address("::ffff:10.0.0.7"), now);
        assert_eq!(pending.most_dispensable(), Some((2, now)));
    }

    #[test]
    fn nobody_pending_is_nobody_to_close() {
        assert_eq!(Pending::default().most_dispensable(), None);
    }
}

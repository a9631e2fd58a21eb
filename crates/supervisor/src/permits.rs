//! The counting of permits: so many at a time, who comes later waits in order (SIL-067).
//!
//! Pure, as the counting of associations is.

use std::collections::{HashMap, VecDeque};

use crate::PermitGroup;
use crate::places::Who;

/// One child exports once at a time; one that asks for more than this is out of its mind.
const PERMITS_OF_ONE_MAX: usize = 16;

/// The permits of all groups. A permit is named by who asked and by the number it gave it.
#[derive(Debug)]
pub(crate) struct Permits {
    groups: Vec<PermitGroup>,
    held: HashMap<(Who, u32), String>,
    queue: VecDeque<((Who, u32), String)>,
}

impl Permits {
    pub(crate) fn new(groups: &[PermitGroup]) -> Self {
        Self { groups: groups.to_vec(), held: HashMap::new(), queue: VecDeque::new() }
    }

    /// Other limits from now on; what is out stays out.
    pub(crate) fn set(&mut self, groups: &[PermitGroup]) {
        self.groups = groups.to_vec();
    }

    /// Asks for a permit. False: nobody could ever grant it, or this one has too many.
    #[must_use]
    pub(crate) fn ask(&mut self, who: Who, id: u32, group: &str) -> bool {
        let known = self.groups.iter().any(|known| known.name == group && known.at_a_time > 0);
        let fresh =
            !self.held.contains_key(&(who, id)) && !self.queue.iter().any(|(key, _)| *key == (who, id));
        if !known || !fresh || self.of(who) >= PERMITS_OF_ONE_MAX {
            return false;
        }
        self.queue.push_back(((who, id), group.to_owned()));
        true
    }

    /// Gives a permit back, or gives up waiting for it.
    pub(crate) fn give_back(&mut self, who: Who, id: u32) {
        self.held.remove(&(who, id));
        self.queue.retain(|(key, _)| *key != (who, id));
    }

    /// Gives back and gives up everything of somebody who ended.
    pub(crate) fn forget(&mut self, who: Who) {
        self.held.retain(|(holder, _), _| *holder != who);
        self.queue.retain(|((waiter, _), _)| *waiter != who);
    }

    /// How many somebody holds and waits for.
    pub(crate) fn of(&self, who: Who) -> usize {
        self.held.keys().filter(|(holder, _)| *holder == who).count()
            + self.queue.iter().filter(|((waiter, _), _)| *waiter == who).count()
    }

    /// Grants what can be granted, in the order it was asked for.
    pub(crate) fn settle(&mut self) -> Vec<(Who, u32)> {
        let mut granted = Vec::new();
        if self.queue.is_empty() {
            return granted;
        }
        for (key, group) in std::mem::take(&mut self.queue) {
            let out = self.held.values().filter(|held| **held == group).count();
            let known = self.groups.iter().find(|known| known.name == group);
            if known.is_some_and(|known| out < usize::try_from(known.at_a_time).unwrap_or(usize::MAX)) {
                self.held.insert(key, group);
                granted.push(key);
            } else {
                self.queue.push_back((key, group));
            }
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::{PERMITS_OF_ONE_MAX, Permits};
    use crate::PermitGroup;

    fn exports(at_a_time: u32) -> Permits {
        Permits::new(&[PermitGroup { name: "storage-scu".to_owned(), at_a_time }])
    }

    #[test]
    fn sil_067_the_export_above_the_limit_waits_in_order() {
        let mut permits = exports(2);
        for who in 1..=4 {
            assert!(permits.ask(who, 1, "storage-scu"));
        }
        assert_eq!(permits.settle(), [(1, 1), (2, 1)]);
        assert_eq!(permits.settle(), []);
        permits.give_back(2, 1);
        assert_eq!(permits.settle(), [(3, 1)]);
        permits.give_back(1, 1);
        assert_eq!(permits.settle(), [(4, 1)]);
    }

    #[test]
    fn the_end_of_a_holder_gives_its_permits_back() {
        let mut permits = exports(1);
        assert!(permits.ask(1, 1, "storage-scu"));
        assert!(permits.ask(2, 1, "storage-scu"));
        assert!(permits.ask(1, 2, "storage-scu"));
        assert_eq!(permits.settle(), [(1, 1)]);
        permits.forget(1);
        assert_eq!(permits.of(1), 0);
        assert_eq!(permits.settle(), [(2, 1)]);
    }

    #[test]
    fn who_gives_up_waiting_holds_nobody_up() {
        let mut permits = exports(1);
        for who in 1..=3 {
            assert!(permits.ask(who, 1, "storage-scu"));
        }
        assert_eq!(permits.settle(), [(1, 1)]);
        permits.give_back(2, 1);
        permits.give_back(1, 1);
        assert_eq!(permits.settle(), [(3, 1)]);
    }

    #[test]
    fn what_could_never_be_granted_is_not_queued() {
        let mut permits = exports(1);
        assert!(!permits.ask(1, 1, "unheard-of"));
        assert!(permits.ask(1, 1, "storage-scu"));
        assert!(!permits.ask(1, 1, "storage-scu"), "the same number twice");
        for id in 2..=PERMITS_OF_ONE_MAX {
            assert!(permits.ask(1, u32::try_from(id).unwrap(), "storage-scu"));
        }
        assert!(!permits.ask(1, 99, "storage-scu"));
        assert!(permits.ask(2, 1, "storage-scu"), "another one may");
        assert!(!exports(0).ask(1, 1, "storage-scu"), "none at a time");
    }
}

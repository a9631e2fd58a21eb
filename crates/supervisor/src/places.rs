//! The counting of associations: who has a place, who waits for one a moment longer, who is refused.
//!
//! Pure: no socket, no clock. Frees act at once and asks only with the next [`Places::settle`], so whatever
//! order a round of messages comes in, places that came free in it are there for those who ask in it.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::{Admission, Group, Limit, Refusal};

/// Who asks: a child, by the number that the supervisor gave it.
pub(crate) type Who = u64;

/// The places of all groups.
#[derive(Debug)]
pub(crate) struct Places {
    groups: Vec<Counted>,
    held: HashMap<Who, Held>,
    waiting: VecDeque<Waiting>,
    grace: Duration,
    draining: bool,
}

#[derive(Debug)]
struct Counted {
    group: Group,
    taken: u32,
    taken_by: HashMap<String, u32>,
}

#[derive(Debug)]
struct Held {
    group: String,
    calling: String,
}

#[derive(Debug)]
struct Waiting {
    who: Who,
    held: Held,
    until: Instant,
}

impl Places {
    pub(crate) fn new(groups: &[Group], grace: Duration) -> Self {
        let mut places = Self {
            groups: Vec::new(),
            held: HashMap::new(),
            waiting: VecDeque::new(),
            grace,
            draining: false,
        };
        places.set(groups, grace);
        places
    }

    /// Other limits from now on. Who has a place keeps it, even where that is one too many.
    pub(crate) fn set(&mut self, groups: &[Group], grace: Duration) {
        self.grace = grace;
        let mut before = std::mem::take(&mut self.groups);
        for group in groups {
            let counted = match before.iter().position(|counted| counted.group.name == group.name) {
                Some(at) => Counted { group: group.clone(), ..before.swap_remove(at) },
                None => Counted { group: group.clone(), taken: 0, taken_by: HashMap::new() },
            };
            self.groups.push(counted);
        }
    }

    /// From now on everybody who asks is refused.
    pub(crate) fn drain(&mut self) {
        self.draining = true;
    }

    /// Asks for a place; the answer comes out of [`settle`](Self::settle), at the end of the grace at latest.
    pub(crate) fn ask(&mut self, who: Who, group: &str, calling: &str, now: Instant) {
        self.free(who);
        let held = Held { group: group.to_owned(), calling: calling.to_owned() };
        let until = now.checked_add(self.grace).unwrap_or(now);
        self.waiting.push_back(Waiting { who, held, until });
    }

    /// The place comes free, or who waited for one gives up.
    pub(crate) fn free(&mut self, who: Who) {
        self.waiting.retain(|waiting| waiting.who != who);
        let Some(held) = self.held.remove(&who) else { return };
        let Some(counted) = self.groups.iter_mut().find(|counted| counted.group.name == held.group) else {
            return;
        };
        counted.taken = counted.taken.saturating_sub(1);
        if let Some(taken) = counted.taken_by.get_mut(&held.calling) {
            *taken = taken.saturating_sub(1);
            if *taken == 0 {
                counted.taken_by.remove(&held.calling);
            }
        }
    }

    /// Answers whom it can: in the order they asked, admitted where there is a place, refused where the
    /// grace is over.
    pub(crate) fn settle(&mut self, now: Instant) -> Vec<(Who, Admission)> {
        let mut answers = Vec::new();
        if self.waiting.is_empty() {
            return answers;
        }
        for waiting in std::mem::take(&mut self.waiting) {
            let counted = self.groups.iter_mut().find(|counted| counted.group.name == waiting.held.group);
            let refusal = match (&counted, self.draining) {
                (_, true) => Some(Refusal::Draining),
                // A group that a reload took away; it has no limit that could be exceeded.
                (None, false) => Some(Refusal::TemporaryCongestion),
                (Some(counted), false) => match counted.obstacle(&waiting.held.calling) {
                    Some(_) if now < waiting.until => {
                        self.waiting.push_back(waiting);
                        continue;
                    }
                    obstacle => obstacle,
                },
            };
            match (refusal, counted) {
                (None, Some(counted)) => {
                    counted.taken = counted.taken.saturating_add(1);
                    let by = counted.taken_by.entry(waiting.held.calling.clone()).or_insert(0);
                    *by = by.saturating_add(1);
                    self.held.insert(waiting.who, waiting.held);
                    answers.push((waiting.who, Admission::Admitted));
                }
                (refusal, _) => {
                    let refusal = refusal.unwrap_or(Refusal::TemporaryCongestion);
                    answers.push((waiting.who, Admission::Refused(refusal)));
                }
            }
        }
        answers
    }

    /// When [`settle`](Self::settle) has to be called even if nothing happens.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiting| waiting.until).min()
    }

    /// For the process list: "2 of 10 associations".
    pub(crate) fn summary(&self) -> String {
        let mut summary = String::new();
        let alone = self.groups.len() == 1;
        for counted in &self.groups {
            let separator = if summary.is_empty() { "" } else { ", " };
            let name = if alone { "" } else { counted.group.name.as_str() };
            let space = if alone { "" } else { " " };
            let taken = counted.taken;
            // A String takes whatever is written.
            let written = match counted.group.limit {
                Limit::Total(total) => write!(summary, "{separator}{name}{space}{taken} of {total}"),
                Limit::PerCallingAe { .. } => write!(summary, "{separator}{name}{space}{taken}"),
            };
            if written.is_err() {
                break;
            }
        }
        if alone {
            summary.push_str(" associations");
        }
        summary
    }
}

impl Counted {
    /// What one more association of this calling AE would exceed.
    fn obstacle(&self, calling: &str) -> Option<Refusal> {
        match self.group.limit {
            Limit::Total(total) => (self.taken >= total).then_some(Refusal::LocalLimitExceeded),
            Limit::PerCallingAe { each, ceiling } => {
                if self.taken_by.get(calling).is_some_and(|&taken| taken >= each) || each == 0 {
                    Some(Refusal::LocalLimitExceeded)
                } else {
                    (self.taken >= ceiling).then_some(Refusal::TemporaryCongestion)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;

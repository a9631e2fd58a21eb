use std::fmt;

use crate::effective::Effective;
use crate::setting::TakesEffect;

/// A setting whose value a reload would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which; `peer` for the list of peers.
    pub key: &'static str,
    /// What holds now, as text.
    pub from: String,
    /// What was asked for.
    pub to: String,
    /// Whether it takes a restart. If not, it holds for every association from now on.
    pub needs_restart: bool,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, from, to, needs_restart } = self;
        if *needs_restart {
            write!(f, "{key} stays {from}: {to} takes a restart")
        } else {
            write!(f, "{key} is {to} now, no longer {from}")
        }
    }
}

/// Every setting in which two configurations differ.
pub(crate) fn between(running: &Effective, newer: &Effective) -> Vec<Change> {
    let pairs = newer.holdings.iter().filter_map(|new| Some((running.holding(new.setting.key)?, new)));
    let mut changes: Vec<Change> = pairs
        .filter(|(old, new)| old.value != new.value)
        .map(|(old, new)| Change {
            key: new.setting.key,
            from: old.value.to_toml(),
            to: new.value.to_toml(),
            needs_restart: new.setting.takes_effect == TakesEffect::AtStart,
        })
        .collect();
    let (old, new) = (&running.configuration.peers, &newer.configuration.peers);
    if old != new {
        let count = |peers: usize| format!("{peers} peer{}", if peers == 1 { "" } else { "s" });
        changes.push(Change {
            key: "peer",
            from: count(old.len()),
            to: count(new.len()),
            needs_restart: false,
        });
    }
    changes
}

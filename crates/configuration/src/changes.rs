use std::fmt;

use crate::configuration::Peer;
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
        changes.push(Change {
            key: "peer",
            from: counted(old, new),
            to: counted(new, old),
            needs_restart: false,
        });
    }
    changes
}

/// How many peers there are; as many as before: those that differ.
fn counted(peers: &[Peer], others: &[Peer]) -> String {
    let count = format!("{} peer{}", peers.len(), if peers.len() == 1 { "" } else { "s" });
    if peers.len() != others.len() {
        return count;
    }
    let differing = peers.iter().filter(|peer| !others.contains(peer));
    let named: Vec<String> = differing
        .map(|Peer { ae_title, host, port, .. }| format!("{} at {host}:{port}", ae_title.as_str()))
        .collect();
    match named.as_slice() {
        [] => format!("{count} in another order"),
        _ => format!("{count} ({})", named.join(", ")),
    }
}

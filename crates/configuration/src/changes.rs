use std::fmt;

use crate::configuration::{Peer, Tables};
use crate::effective::Effective;
use crate::setting::TakesEffect;

/// A setting whose value a reload would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which; `peer`, `user` or `token-key` for the tables of that section.
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
    let Tables { peers: old_peers, users: old_users, token_keys: old_keys } = &running.configuration.tables;
    let Tables { peers, users, token_keys } = &newer.configuration.tables;
    changes.extend(of_tables("peer", old_peers, peers, |Peer { ae_title, host, port, .. }| {
        format!("{} at {host}:{port}", ae_title.as_str())
    }));
    changes.extend(of_tables("user", old_users, users, |user| user.name.clone()));
    changes.extend(of_tables("token-key", old_keys, token_keys, |key| key.issuer.clone()));
    changes
}

/// What became of the tables of a repeated section.
fn of_tables<T: PartialEq>(
    key: &'static str,
    old: &[T],
    new: &[T],
    name: impl Fn(&T) -> String,
) -> Option<Change> {
    (old != new).then(|| Change {
        key,
        from: counted(key, old, new, &name),
        to: counted(key, new, old, &name),
        needs_restart: false,
    })
}

/// How many tables there are; as many as before: those that differ.
fn counted<T: PartialEq>(key: &str, tables: &[T], others: &[T], name: impl Fn(&T) -> String) -> String {
    let count = format!("{} {key}{}", tables.len(), if tables.len() == 1 { "" } else { "s" });
    if tables.len() != others.len() {
        return count;
    }
    let named: Vec<String> = tables.iter().filter(|table| !others.contains(table)).map(name).collect();
    match named.as_slice() {
        [] => format!("{count} in another order"),
        _ => format!("{count} ({})", named.join(", ")),
    }
}

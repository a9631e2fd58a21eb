//! The archive in a world that is made from a number: its services are the real ones, the network, the disk and the clock
//! are not, and whatever can go wrong with those, and with the processes, does at some seed or other.
//!
//! In: a seed. Out: an [`Outcome`], what was not as it must be and what happened. The same seed gives the same, step by step.
//!
//! Read `run`, the lives of an archive and their ends; then `baton`, by whom everything happens in one order; then `check`,
//! what must hold. `docs/decisions/0017-simulation.md` says what is covered and what is not.
//!
//! ```text
//! cargo simulate --seed 7              one seed
//! cargo simulate --seed 7 --told       every step of it, and the archive's log
//! cargo simulate --from 0 --count 500  many
//! ```

use std::{collections::BTreeMap, io, path::PathBuf};

mod baton;
mod catalog_file;
mod check;
mod disk;
mod network;
mod peers;
mod random;
mod run;
mod server;
mod truth;
mod universe;

/// What came of a seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What was not as it must be, in words.
    pub violations: Vec<String>,
    /// What happened, and how often.
    pub counts: BTreeMap<&'static str, u64>,
    /// Calls of network and disk.
    pub steps: u64,
    /// The checksum of all of them in their order.
    pub trace: String,
}

/// What a run is told beside its seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Something that is broken on purpose.
    pub broken: Option<Broken>,
    /// Whether every step is printed.
    pub told: bool,
}

/// Something that is broken on purpose, to see that a simulation finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The disk says that bytes are synced, and they are not.
    SyncLies,
    /// The disk says that the entries of a directory are synced, and they are not.
    DirectorySyncLies,
    /// Files that are removed are not.
    NothingIsRemoved,
    /// The last byte of each write is another.
    WritesOtherBytes,
    /// Success is answered before the instance is kept.
    AnswersFirst,
    /// Now and then success is answered, and nothing kept.
    Forgets,
    /// An association waits for what never comes.
    Hangs,
}

impl Broken {
    /// All of them, by name.
    pub const ALL: [(&'static str, Self); 7] = [
        ("sync-lies", Self::SyncLies),
        ("directory-sync-lies", Self::DirectorySyncLies),
        ("nothing-is-removed", Self::NothingIsRemoved),
        ("writes-other-bytes", Self::WritesOtherBytes),
        ("answers-first", Self::AnswersFirst),
        ("forgets", Self::Forgets),
        ("hangs", Self::Hangs),
    ];

    fn lie(self) -> Option<disk::Lie> {
        match self {
            Self::SyncLies => Some(disk::Lie::Sync),
            Self::DirectorySyncLies => Some(disk::Lie::SyncDirectory),
            Self::NothingIsRemoved => Some(disk::Lie::Remove),
            Self::WritesOtherBytes => Some(disk::Lie::Write),
            Self::AnswersFirst | Self::Forgets | Self::Hangs => None,
        }
    }

    fn fault(self) -> Option<server::Fault> {
        match self {
            Self::AnswersFirst => Some(server::Fault::AnswersFirst),
            Self::Forgets => Some(server::Fault::Forgets),
            Self::Hangs => Some(server::Fault::Hangs),
            _ => None,
        }
    }
}

/// Runs what follows from a seed.
///
/// # Errors
/// When the system has no room for the catalog's file.
pub fn simulate(seed: u64, options: Options) -> io::Result<Outcome> {
    let memory = PathBuf::from("/dev/shm");
    let directory = match memory.is_dir() {
        true => tempfile::Builder::new().prefix("simulation").tempdir_in(memory),
        false => tempfile::tempdir(),
    }?;
    run::run(seed, directory.path(), options)
}

//! How far a scrub is: a small file, written anew in the place of the old one.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};
use vault::InstanceKey;

use crate::{Fault, Holdings, HoldingsError};

/// Below the data directory.
const STATE: &str = "scrub.json";
/// Until it takes the place of the one before.
const STATE_NEW: &str = "scrub.json.new";

/// The longest file that is read, in bytes: some thousand faults.
const STATE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Faults that are remembered, so that each is told once; of more, the rest is told again.
const KNOWN_MAX: usize = 10_000;

/// What is remembered.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct State {
    /// When the present or last one began, in seconds since 1970; when nothing was scrubbed yet, when that was found.
    began: u64,
    /// Whether one is under way.
    pub(super) under_way: bool,
    /// The last file that was looked at, below the vault's directory.
    pub(super) after: Option<PathBuf>,
    /// Files looked at since it began.
    pub(super) instances: u64,
    /// Bytes read since it began.
    pub(super) bytes: u64,
    /// The faults found since it began.
    pub(super) known: Vec<String>,
    /// The faults that the one before found, which are not told again.
    before: Vec<String>,
}

/// What the last scrub found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastScrub {
    /// When it began.
    pub began: SystemTime,
    /// Whether it goes on.
    pub under_way: bool,
    /// Each fault, as it was told.
    pub faults: Vec<String>,
}

impl State {
    pub(super) fn new(now: SystemTime) -> Self {
        Self { began: seconds(now), ..Self::default() }
    }

    /// Reads what was written last; nothing, if there is none that can be read.
    pub(super) fn read(data_directory: &Path) -> Option<Self> {
        let path = data_directory.join(STATE);
        let is_short = fs::metadata(&path).is_ok_and(|metadata| metadata.len() <= STATE_BYTES_MAX);
        serde_json::from_slice(&fs::read(path).ok().filter(|_| is_short)?).ok()
    }

    pub(super) fn write(&self, data_directory: &Path) -> Result<(), HoldingsError> {
        let [new, path] = [STATE_NEW, STATE].map(|name| data_directory.join(name));
        // Not synced: what a power cut takes of it is scrubbed again.
        let written = serde_json::to_vec(self)
            .map_err(io::Error::other)
            .and_then(|bytes| fs::write(&new, bytes))
            .and_then(|()| fs::rename(&new, &path));
        written.map_err(|source| HoldingsError::File { path, source })
    }

    pub(super) fn began(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(self.began)).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// The last file that was looked at.
    pub(super) fn after(&self) -> Option<InstanceKey> {
        self.after.as_deref().and_then(InstanceKey::from_path)
    }

    pub(super) fn begin(&mut self, now: SystemTime) {
        let before = std::mem::take(&mut self.known);
        *self = Self { began: seconds(now), under_way: true, before, ..Self::default() };
    }

    pub(super) fn end(&mut self) {
        self.under_way = false;
        self.after = None;
        self.before.clear();
    }

    /// Remembers a fault; whether it was not known.
    pub(super) fn is_new(&mut self, fault: &Fault) -> bool {
        let words = fault.to_string();
        if self.known.contains(&words) {
            return false;
        }
        let is_new = !self.before.contains(&words);
        if self.known.len() < KNOWN_MAX {
            self.known.push(words);
        }
        is_new
    }
}

impl Holdings {
    /// What the last scrub found, if there was one and something is remembered of it.
    pub fn last_scrub(data_directory: &Path) -> Option<LastScrub> {
        let state = State::read(data_directory)?;
        Some(LastScrub { began: state.began(), under_way: state.under_way, faults: state.known })
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

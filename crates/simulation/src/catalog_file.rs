//! The catalog's file. SQLite writes to a real one; what a power cut leaves of it is worked out from its own account of
//! what it has synced. `docs/decisions/0017-simulation.md` says what that covers.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use catalog::{Access, Catalog};

/// The catalog below a data directory.
pub(crate) const CATALOG: &str = "catalog.sqlite";

/// The header of a write-ahead log, and that of each of its frames, in bytes
/// (<https://www.sqlite.org/fileformat2.html#walformat>).
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Where the log's index says how many frames there are, and how many of these are in the file, synced before and after
/// (<https://www.sqlite.org/walformat.html>).
const INDEX_FRAMES: usize = 16;
const INDEX_COPIED: usize = 96;

/// How many frames of a log are known to be synced, and of which log.
#[derive(Debug, Default)]
pub(crate) struct Synced {
    salt: Vec<u8>,
    frames: usize,
}

impl Synced {
    /// To be called before the last process ends, which is when the index is still right.
    pub(crate) fn look(&mut self, data: &Path) {
        let (Ok(log), Ok(index)) = (fs::read(beside(data, "-wal")), fs::read(beside(data, "-shm"))) else {
            return;
        };
        let salt = salt_of(&log);
        let copied = number_at(&index, INDEX_COPIED);
        match self.salt == salt {
            true => self.frames = self.frames.max(copied),
            false => *self = Self { salt, frames: copied },
        }
    }
}

/// What tells one log from the next in the same file.
fn salt_of(log: &[u8]) -> Vec<u8> {
    log.get(16..24).unwrap_or_default().to_vec()
}

fn number_at(index: &[u8], at: usize) -> usize {
    let bytes = index.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, |bytes| u32::from_ne_bytes(bytes) as usize)
}

fn beside(data: &Path, suffix: &str) -> PathBuf {
    data.join(format!("{CATALOG}{suffix}"))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Puts an empty catalog there, which takes as long to make as all else of a run.
pub(crate) fn prepare(data: &Path) -> io::Result<()> {
    static EMPTY: OnceLock<Option<Vec<u8>>> = OnceLock::new();
    let make = || {
        let path = data.join("prepared.sqlite");
        let catalog = Catalog::open(&path, Access::ReadWrite).ok()?;
        catalog.settle().ok()?;
        drop(catalog);
        let bytes = fs::read(&path).ok();
        for suffix in ["", "-wal", "-shm"] {
            remove(&data.join(format!("prepared.sqlite{suffix}"))).ok();
        }
        remove(&data.join("prepared.lock")).ok();
        bytes
    };
    match EMPTY.get_or_init(make) {
        Some(bytes) => fs::write(data.join(CATALOG), bytes),
        None => Err(io::Error::other("no catalog could be made")),
    }
}

/// Takes from the log what a power cut takes: of the frames that SQLite has not synced, those that do not survive. The
/// file itself is written in checkpoints only, which sync the log before and the file after.
///
/// `synced` is what is known of it: the index forgets it whenever the log is recovered.
pub(crate) fn lose_power(
    data: &Path,
    synced: &mut Synced,
    survives: &mut dyn FnMut() -> bool,
) -> io::Result<u64> {
    synced.look(data);
    let (log, index) = (beside(data, "-wal"), beside(data, "-shm"));
    let mut lost = 0;
    if let (Ok(mut bytes), Ok(index)) = (fs::read(&log), fs::read(&index)) {
        let page = bytes.get(8..12).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes);
        let frame = FRAME_HEADER + page as usize;
        let frames = number_at(&index, INDEX_FRAMES);
        let known = if synced.salt == salt_of(&bytes) { synced.frames } else { 0 };
        let mut first_lost = None;
        for at in known..frames {
            if survives() {
                continue;
            }
            let start = LOG_HEADER + at * frame;
            if let Some(place) = bytes.get_mut(start..start + frame) {
                place.fill(0);
                first_lost.get_or_insert(at);
                lost += 1;
            }
        }
        // What is there after the cut is on the disk; SQLite goes on behind the first frame that is not.
        *synced = Synced { salt: salt_of(&bytes), frames: first_lost.unwrap_or(frames.max(known)) };
        fs::write(&log, bytes)?;
    }
    remove(&beside(data, "-shm"))?;
    Ok(lost)
}

/// Loses the whole catalog.
pub(crate) fn lose(data: &Path) -> io::Result<()> {
    ["", "-wal", "-shm"].iter().try_for_each(|suffix| remove(&beside(data, suffix)))
}

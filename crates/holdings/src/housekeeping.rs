use std::time::{Duration, SystemTime};

use crate::{
    Holdings, HoldingsError,
    holdings::{SYNC_POINT, remember_day, utc_day},
    start::is_alive,
};

/// How long before a checkpoint an instance may have got its day without having its row, at most: between the two
/// lie two flushes and the wait for the catalog's lock, however slow both are.
const KEEPING_MAX: Duration = Duration::from_hours(1);

/// What [`Holdings::housekeep`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Housekept {
    /// Pages of the catalog's write-ahead log that are in its file now.
    pub pages: u64,
    /// Whether all of them are: no reader was in the way.
    pub complete: bool,
    /// Drafts that a process left behind, removed.
    pub stale_drafts: usize,
}

impl Holdings {
    /// What somebody has to do every few seconds while instances are kept: brings the catalog's file up to date, moves
    /// the point from which on a reconciliation has to look, and removes what killed processes left behind.
    ///
    /// # Errors
    /// When the disk or the catalog fails.
    pub fn housekeep(&mut self, now: SystemTime) -> Result<Housekept, HoldingsError> {
        let stale_drafts = self.vault.remove_stale_drafts(&is_alive)?;
        let checkpointed = self.catalog.checkpoint()?;
        let complete = checkpointed.copied >= checkpointed.pages;
        if complete && checkpointed.pages > 0 {
            // Rows of instances filed under earlier days were committed before the checkpoint, so they are durable.
            // That this is so is itself durable with the next one; until then a reconciliation looks at more days.
            let known = self.first_unsure_day()?;
            let day = utc_day(now.checked_sub(KEEPING_MAX).unwrap_or(now))?;
            // Never back, even if the clock is: what was filed under a day before would be looked for only as long as a
            // power cut does not take this.
            let sync_point = known.map_or(day, |known| known.max(day));
            if known != Some(sync_point) {
                remember_day(&mut self.catalog, SYNC_POINT, sync_point)?;
            }
            self.sync_point = Some(sync_point);
        }
        Ok(Housekept { pages: checkpointed.copied, complete, stale_drafts })
    }
}

//! The housekeeper: a process that `serve` keeps running beside the associations, so that none of them has to
//! wait for a checkpoint.

use std::time::{Duration, SystemTime};

use supervisor::Control;

use crate::commands::{Failure, sealed};
use crate::logging;
use crate::wiring::OpensHoldings;

/// How often the write-ahead log is copied into the catalog: rarely enough that one flush serves many instances,
/// often enough that the log stays at some megabytes.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(2);

/// Keeps house until it is told to stop.
pub(crate) fn run() -> Result<(), Failure> {
    let mut control = Control::from_inherited()?;
    let configuration = sealed(control.settings())?;
    logging::init(configuration.log);
    supervisor::title::set("housekeeper");
    let opens = OpensHoldings::new(&configuration);
    let mut holdings = opens.open()?;
    loop {
        let is_last = control.wait_for_end(Some(CHECKPOINT_EVERY));
        if let Err(error) = holdings.housekeep(SystemTime::now()) {
            tracing::error!("cannot bring the catalog's file up to date: {error}");
        }
        if is_last {
            return Ok(());
        }
    }
}

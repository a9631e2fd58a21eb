//! A verification that never ends: slowly, from one file to the next, over and over, and after a restart from where it was.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use vault::{InstanceKey, RealDisk};

use crate::{Extent, Fault, HoldingsError, Inspect, Verified, verify::Verification};

mod state;

pub use state::LastScrub;
use state::State;

/// How often it is noted how far it is: so much is read again after a crash, at most.
const NOTED_EVERY: Duration = Duration::from_mins(1);

/// The shortest pause, so that the limit of the rate is kept to without waking up for every small file.
const PAUSE_MIN: Duration = Duration::from_millis(50);

/// The longest pause: a clock that was set is seen by then.
const PAUSE_MAX: Duration = Duration::from_hours(1);

/// How a scrub goes about it. Each field is a setting of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScrubRules {
    /// How long after the beginning of one the next one begins; at once, if one takes longer.
    pub every: Duration,
    /// How much is read at most, in bytes a second; not 0.
    pub bytes_a_second: u64,
}

/// The time, as the one who scrubs has it.
pub trait Pace {
    /// Now.
    fn now(&self) -> SystemTime;

    /// Lets time pass; whether to go on then.
    fn pause(&mut self, length: Duration) -> ControlFlow<()>;
}

/// What a scrub has to tell.
#[derive(Debug)]
pub enum Scrubbing {
    /// One begins, or goes on where it was.
    Begins {
        /// The file after which it goes on.
        after: Option<PathBuf>,
    },
    /// It found a fault that it has not told of before.
    Found(Fault),
    /// It came to its end: what it looked at since it began, over all restarts.
    Ended {
        /// Files of instances looked at.
        instances: u64,
        /// Bytes of them that were read.
        bytes: u64,
        /// Faults found, told of before or not.
        faults: u64,
    },
    /// How far it is cannot be noted, so it begins again after the next restart.
    NotNoted(HoldingsError),
}

/// Scrubs the holdings below a data directory whenever it is time to, until `pace` breaks off. The first one begins
/// [`ScrubRules::every`] after this was called for the first time.
///
/// # Errors
/// When the holdings cannot be opened.
pub fn scrub(
    data_directory: &Path,
    rules: ScrubRules,
    pace: &mut dyn Pace,
    tell: &mut dyn FnMut(Scrubbing),
) -> Result<(), HoldingsError> {
    let mut state = State::read(data_directory).unwrap_or_else(|| State::new(pace.now()));
    let note = |state: &State, tell: &mut dyn FnMut(Scrubbing)| {
        if let Err(error) = state.write(data_directory) {
            tell(Scrubbing::NotNoted(error));
        }
    };
    note(&state, tell);
    loop {
        if !state.under_way {
            if wait(state.began() + rules.every, pace).is_break() {
                return Ok(());
            }
            state.begin(pace.now());
        }
        tell(Scrubbing::Begins { after: state.after.clone() });
        let mut slowly = Slowly {
            noted: pace.now(),
            pace,
            tell,
            state: &mut state,
            bytes_a_second: rules.bytes_a_second.max(1),
            owed: Duration::ZERO,
            data_directory,
        };
        let verified = slowly.go_on()?;
        if verified.broken_off {
            note(&state, tell);
            return Ok(());
        }
        state.end();
        note(&state, tell);
        tell(Scrubbing::Ended {
            instances: state.instances,
            bytes: state.bytes,
            faults: state.known.len() as u64,
        });
    }
}

/// Waits until it is time, and a moment at least, so that whoever wants to break off is heard between any two scrubs.
fn wait(until: SystemTime, pace: &mut dyn Pace) -> ControlFlow<()> {
    loop {
        let left = until.duration_since(pace.now()).unwrap_or_default();
        pace.pause(left.clamp(PAUSE_MIN, PAUSE_MAX))?;
        if left <= PAUSE_MAX {
            return ControlFlow::Continue(());
        }
    }
}

/// Keeps to the rate, and notes how far it is.
struct Slowly<'s> {
    pace: &'s mut dyn Pace,
    tell: &'s mut dyn FnMut(Scrubbing),
    state: &'s mut State,
    bytes_a_second: u64,
    /// How long what was read since the last pause may take.
    owed: Duration,
    noted: SystemTime,
    data_directory: &'s Path,
}

impl Slowly<'_> {
    fn go_on(&mut self) -> Result<Verified, HoldingsError> {
        let after = self.state.after();
        let (data_directory, now) = (self.data_directory, self.pace.now());
        let disk = Arc::new(RealDisk);
        let verification = Verification::open(disk, data_directory, Extent::Whole, now, self)?;
        Ok(verification.run(after.as_ref()))
    }
}

impl Inspect for Slowly<'_> {
    fn read(&mut self, bytes: u64) -> ControlFlow<()> {
        self.state.bytes += bytes;
        let nanoseconds = u128::from(bytes) * 1_000_000_000 / u128::from(self.bytes_a_second);
        self.owed += Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
        if self.owed < PAUSE_MIN {
            return ControlFlow::Continue(());
        }
        self.pace.pause(std::mem::take(&mut self.owed))
    }

    fn seen(&mut self, key: &InstanceKey) -> ControlFlow<()> {
        self.state.after = Some(key.path());
        self.state.instances += 1;
        let now = self.pace.now();
        // A clock that was set back notes as well.
        if now.duration_since(self.noted).is_ok_and(|since| since < NOTED_EVERY) {
            return ControlFlow::Continue(());
        }
        self.noted = now;
        if let Err(error) = self.state.write(self.data_directory) {
            (self.tell)(Scrubbing::NotNoted(error));
        }
        ControlFlow::Continue(())
    }

    fn found(&mut self, fault: Fault) {
        if self.state.is_new(&fault) {
            (self.tell)(Scrubbing::Found(fault));
        }
    }
}

//! The housekeeper: a process that `serve` keeps running beside the associations. It records for them, none of them has
//! to wait for a checkpoint, and it scrubs.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use holdings::Recorder;
use sandbox::Role;
use supervisor::Control;

use crate::audit_trail;
use crate::commands::{Failure, sealed};
use crate::confinement;
use crate::scrubbing::Scrub;
use crate::wiring::OpensHoldings;
use crate::{logging, secure};

/// How often the write-ahead log is copied into the catalog: rarely enough that one flush serves many instances,
/// often enough that the log stays at some megabytes.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(2);

/// How often certificates are spoken of that expire soon.
const LOOKS_AT_CERTIFICATES_EVERY: Duration = Duration::from_secs(24 * 3_600);

/// Keeps house until it is told to stop.
pub(crate) fn run() -> Result<(), Failure> {
    let mut control = Control::from_inherited()?;
    let configuration = sealed(control.settings())?;
    logging::init(configuration.log);
    supervisor::title::set("housekeeper");
    confinement::enclose(Role::Housekeeper, &configuration)?;
    let opens = OpensHoldings::new(&configuration);
    let mut holdings = opens.open()?;
    let recording = match opens.open_recorder() {
        Ok(recorder) => Some(Recording::begin(recorder)?),
        Err(error) => {
            tracing::error!("every association records for itself, which takes longer: {error}");
            None
        }
    };
    let mut since_looked = LOOKS_AT_CERTIFICATES_EVERY;
    let scrub = Scrub::begin(&configuration)?;
    let trail = audit_trail::keep(&configuration)?;
    loop {
        if since_looked >= LOOKS_AT_CERTIFICATES_EVERY {
            since_looked = Duration::ZERO;
            secure::speak_of_expiry(&configuration, SystemTime::now());
        }
        since_looked += CHECKPOINT_EVERY;
        let is_last = control.wait_for_end(Some(CHECKPOINT_EVERY));
        if let Err(error) = holdings.housekeep(SystemTime::now()) {
            tracing::error!("cannot bring the catalog's file up to date: {error}");
        }
        if is_last {
            if let Some(scrub) = scrub {
                scrub.end();
            }
            if let Some(recording) = recording {
                recording.end();
            }
            if let Some(trail) = trail {
                trail.end();
            }
            return Ok(());
        }
    }
}

/// The recorder on a thread of its own: whoever is recorded for does not wait for a checkpoint either.
struct Recording {
    stop: UnixStream,
    thread: JoinHandle<()>,
}

impl Recording {
    fn begin(mut recorder: Recorder) -> Result<Self, Failure> {
        let (stop, stopped) = UnixStream::pair()?;
        let thread = thread::Builder::new().name("recorder".to_owned()).spawn(move || {
            if let Err(error) = recorder.run(stopped.as_fd()) {
                tracing::error!("every association records for itself from now on: {error}");
            }
        })?;
        Ok(Self { stop, thread })
    }

    fn end(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the recorder came to a bad end");
        }
    }
}

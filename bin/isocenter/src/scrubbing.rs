//! The scrub, on a thread of its own that is in nobody's way.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use configuration::Configuration;
use holdings::{Pace, ScrubRules, Scrubbing, scrub};

use crate::commands::Failure;

/// A scrub that runs until it is ended.
pub(crate) struct Scrub {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Scrub {
    /// Begins, if the configuration wants any.
    pub(crate) fn begin(configuration: &Configuration) -> Result<Option<Self>, Failure> {
        let configuration::Scrub { every, rate } = configuration.scrub;
        if every.is_zero() {
            return Ok(None);
        }
        let (stop, stopped) = channel();
        let rules = ScrubRules { every, bytes_a_second: u64::from(rate) };
        let data = configuration.data.clone();
        let thread = thread::Builder::new().name("scrub".to_owned()).spawn(move || {
            supervisor::work_at_leisure();
            run(&data, rules, stopped);
        })?;
        Ok(Some(Self { stop, thread }))
    }

    /// Breaks off; the next one goes on from there.
    pub(crate) fn end(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the scrub came to a bad end");
        }
    }
}

fn run(data: &Path, rules: ScrubRules, stopped: Receiver<()>) {
    if let Err(error) = scrub(data, rules, &mut WallClock { stopped }, &mut tell) {
        tracing::error!("instances are not scrubbed until the next start: {error}");
    }
}

fn tell(told: Scrubbing) {
    match told {
        Scrubbing::Begins { after: None } => tracing::info!("a scrub begins: every instance is read again"),
        Scrubbing::Begins { after: Some(after) } => {
            tracing::info!("the scrub goes on where it was, after {}", after.display());
        }
        Scrubbing::Found(fault) => tracing::error!("the scrub found a fault: {fault}"),
        Scrubbing::Ended { instances, bytes, faults: 0 } => {
            tracing::info!(instances, bytes, "a scrub came to its end: all is as it was kept");
        }
        Scrubbing::Ended { instances, bytes, faults } => {
            tracing::error!(
                instances,
                bytes,
                faults,
                "a scrub came to its end and found faults: `isocenter verify` lists them"
            );
        }
        Scrubbing::NotNoted(error) => tracing::warn!("cannot note how far the scrub is: {error}"),
    }
}

/// The system's time, until whoever began this lets go.
struct WallClock {
    stopped: Receiver<()>,
}

impl Pace for WallClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn pause(&mut self, length: Duration) -> ControlFlow<()> {
        match self.stopped.recv_timeout(length) {
            Err(RecvTimeoutError::Timeout) => ControlFlow::Continue(()),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => ControlFlow::Break(()),
        }
    }
}

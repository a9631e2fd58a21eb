//! Keepers: helper processes that are there as long as the supervisor is. The nursery is kept as they are.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::net::Shutdown;

use crate::spawn::{self, Process};
use crate::{Ending, Event, Keeper, KeeperStops, Restart};

/// The first wait before a keeper is started again.
const BACK_OFF_FIRST: Duration = Duration::from_millis(100);
/// The longest one.
const BACK_OFF_MAX: Duration = Duration::from_secs(30);
/// One that ran so long ended for a new reason: the waits begin anew.
const RAN_WELL: Duration = Duration::from_secs(60);
/// How long one that was told to stop (by the end of its control socket) may take before SIGTERM, and then
/// before SIGKILL.
const STOPS_WITHIN: Duration = Duration::from_secs(10);

/// A keeper and what became of it.
#[derive(Debug)]
pub(crate) struct Kept {
    keeper: Keeper,
    /// What takes its place when it has ended, after a reload.
    successor: Option<Keeper>,
    state: State,
    back_off: Duration,
}

#[derive(Debug)]
enum State {
    Waiting { until: Instant },
    Running(Running),
    Over,
}

#[derive(Debug)]
struct Running {
    process: Process,
    control: OwnedFd,
    since: Instant,
    /// It was told to stop: when it is pressed next, and whether with SIGKILL.
    press: Option<(Instant, bool)>,
}

impl Kept {
    pub(crate) fn new(keeper: Keeper, now: Instant) -> Self {
        Self { keeper, successor: None, state: State::Waiting { until: now }, back_off: BACK_OFF_FIRST }
    }

    pub(crate) fn name(&self) -> &str {
        &self.keeper.name
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Our end of its control socket, while it runs.
    pub(crate) fn control(&self) -> Option<BorrowedFd<'_>> {
        match &self.state {
            State::Running(running) => Some(running.control.as_fd()),
            State::Waiting { .. } | State::Over => None,
        }
    }

    /// Readable when it has ended; while it runs.
    pub(crate) fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        match &self.state {
            State::Running(running) => Some(running.process.pidfd.as_fd()),
            State::Waiting { .. } | State::Over => None,
        }
    }

    /// Whether it is to stop, or has.
    pub(crate) fn is_stopping(&self) -> bool {
        match &self.state {
            State::Running(running) => running.press.is_some(),
            State::Waiting { .. } => false,
            State::Over => true,
        }
    }

    /// Starts it.
    pub(crate) fn start(
        &mut self,
        settings: &OwnedFd,
        now: Instant,
        events: &mut impl FnMut(Event<'_>),
    ) -> io::Result<()> {
        let (process, control) = spawn::process(&self.keeper.program, &self.keeper.arguments, settings)?;
        events(Event::KeeperStarted { name: &self.keeper.name, pid: process.pid() });
        self.state = State::Running(Running { process, control, since: now, press: None });
        Ok(())
    }

    /// Does what is due. True: it was started, and there are new descriptors to watch.
    pub(crate) fn tend(
        &mut self,
        settings: &OwnedFd,
        now: Instant,
        events: &mut impl FnMut(Event<'_>),
    ) -> bool {
        match &mut self.state {
            State::Waiting { until } if *until <= now => match self.start(settings, now, events) {
                Ok(()) => return true,
                Err(error) => {
                    let retry_in = self.wait_longer(now);
                    events(Event::SpawnFailed { error: &error, retry_in });
                }
            },
            State::Running(running) => {
                if let Some((at, firmly)) = running.press
                    && at <= now
                {
                    if firmly {
                        running.process.kill();
                    } else {
                        running.process.ask_to_end();
                    }
                    running.press = Some((now + STOPS_WITHIN, true));
                }
            }
            State::Waiting { .. } | State::Over => {}
        }
        false
    }

    /// When [`tend`](Self::tend) is due.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Waiting { until } => Some(*until),
            State::Running(running) => running.press.map(|(at, _)| at),
            State::Over => None,
        }
    }

    /// Finds out how it ended, if it has, and when it comes again.
    pub(crate) fn reap(&mut self, now: Instant, events: &mut impl FnMut(Event<'_>)) -> Option<Ending> {
        let State::Running(running) = &mut self.state else { return None };
        let ending = running.process.reap()?;
        let told_to_stop = running.press.is_some();
        if now.duration_since(running.since) >= RAN_WELL {
            self.back_off = BACK_OFF_FIRST;
        }
        let name = self.keeper.name.clone();
        let restart_in = match self.successor.take() {
            Some(successor) => {
                self.keeper = successor;
                self.back_off = BACK_OFF_FIRST;
                self.state = State::Waiting { until: now };
                Some(Duration::ZERO)
            }
            None if !told_to_stop && self.comes_again(ending) => Some(self.wait_longer(now)),
            None => {
                self.state = State::Over;
                None
            }
        };
        events(Event::KeeperEnded { name: &name, ending, restart_in });
        Some(ending)
    }

    /// Tells it to stop, for good: it finds the end of what its control socket has to say.
    pub(crate) fn stop(&mut self, now: Instant) {
        self.successor = None;
        match &mut self.state {
            State::Running(running) => {
                if running.press.is_none() {
                    // Fails where it has closed its end already, which is the same.
                    rustix::net::shutdown(&running.control, Shutdown::Write).ok();
                    running.press = Some((now + STOPS_WITHIN, false));
                }
            }
            State::Waiting { .. } | State::Over => self.state = State::Over,
        }
    }

    /// Tells it to stop if this is when it does.
    pub(crate) fn stop_if(&mut self, stops: KeeperStops, now: Instant) {
        if self.keeper.stops == stops {
            self.stop(now);
        }
    }

    /// Ends it now, firmly.
    pub(crate) fn kill(&mut self, now: Instant) {
        self.stop(now);
        if let State::Running(running) = &self.state {
            running.process.kill();
        }
    }

    /// Lets `keeper`, which has new settings, take its place.
    pub(crate) fn replace(&mut self, keeper: Keeper, now: Instant) {
        self.stop(now);
        match &self.state {
            State::Running(_) => self.successor = Some(keeper),
            State::Waiting { .. } | State::Over => *self = Self::new(keeper, now),
        }
    }

    fn comes_again(&self, ending: Ending) -> bool {
        match self.keeper.restart {
            Restart::Always => true,
            Restart::WhenFailed => !ending.is_clean(),
            Restart::Never => false,
        }
    }

    fn wait_longer(&mut self, now: Instant) -> Duration {
        let wait = self.back_off;
        self.back_off = wait.saturating_mul(2).min(BACK_OFF_MAX);
        self.state = State::Waiting { until: now + wait };
        wait
    }
}

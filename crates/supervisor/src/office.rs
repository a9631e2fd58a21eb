//! The loop: one thread that waits for whatever happens and does what follows from it.
//!
//! In each round everything that was said is heard first, ends are noted second, and only then places are
//! given; new connections come after that, and nurseries and keepers behind them, since starting one takes longest.

mod hand_over;
mod hear;
mod nurseries;
mod reload;
mod reserve;
mod shutdown;

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use rustix::process::{Pid, Resource, Rlimit};

use crate::keeper::Kept;
use crate::listen::{Listener, listen};
use crate::pending::Pending;
use crate::permits::Permits;
use crate::places::{Places, Who};
use crate::signals::{Signal, Signals};
use crate::worker::{Stage, Worker};
use crate::{Connection, Control, Event, Plan, SupervisorError, channel, title};
use nurseries::Nursery;
pub(crate) use nurseries::NurseryId;
use reserve::Reserve;
use shutdown::Phase;

/// What a thread does with its connection.
pub type Serve = dyn Fn(Connection, &mut Control) + Send + Sync;

/// Events taken from the system at once.
const EVENTS_A_ROUND: usize = 512;

/// Runs until it has drained: a child process for each connection, forked by a [`Nursery`](crate::Nursery).
///
/// `reload` is asked on SIGHUP for the plan that holds from then on; none keeps the present one. SIGTERM and
/// SIGINT begin a drain (what runs goes on, what comes is refused); a second one ends what is left.
pub fn run(
    plan: Plan,
    reload: impl FnMut() -> Option<Plan>,
    events: impl FnMut(Event<'_>),
) -> Result<(), SupervisorError> {
    Office::open(plan, None, reload, events)?.work()
}

/// As [`run`], with a thread of this process for each connection. Threads cannot be ended: what still serves
/// when this returns ends with the process.
pub fn run_threads(
    plan: Plan,
    serve: Arc<Serve>,
    reload: impl FnMut() -> Option<Plan>,
    events: impl FnMut(Event<'_>),
) -> Result<(), SupervisorError> {
    Office::open(plan, Some(serve), reload, events)?.work()
}

/// The state of a supervisor.
struct Office<R, E> {
    plan: Plan,
    /// Workers are threads, and do this.
    serve: Option<Arc<Serve>>,
    reload: R,
    events: E,
    epoll: OwnedFd,
    signals: Signals,
    settings: OwnedFd,
    settings_of_threads: Arc<[u8]>,
    /// In the order of the plan; none where listening failed after a reload.
    listeners: Vec<Option<Listener>>,
    /// Whether the listeners are watched: not while there is nobody to serve who comes.
    watching: bool,
    accept_again_at: Option<Instant>,
    /// When it was told of last that connections cannot be accepted.
    shortage_told: Option<Instant>,
    reserve: Reserve,
    /// Children whose pidfd is still to be had.
    foundlings: Vec<(Who, Pid)>,
    workers: HashMap<Who, Worker>,
    last_worker: Who,
    /// In the order they were started.
    nurseries: Vec<Nursery>,
    last_nursery: NurseryId,
    places: Places,
    permits: Permits,
    pending: Pending,
    keepers: Vec<Kept>,
    phase: Phase,
    is_ready: bool,
    /// Nurseries in a row that ended before they were ready.
    failed_starts: u32,
    title: String,
}

/// What an event of the system is about, in the 64 bits that it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Signals,
    Listener(usize),
    /// The line to a worker.
    Line(Who),
    /// The end of a worker's process.
    End(Who),
    /// The control socket of a nursery.
    Nursery(NurseryId),
    /// The end of some keeper or nursery.
    Keeper,
}

impl Source {
    fn to_data(self) -> EventData {
        EventData::new_u64(match self {
            Self::Signals => 0,
            Self::Keeper => 1,
            Self::Listener(index) => ((index as u64) << 3) | 2,
            Self::Line(who) => (who << 3) | 3,
            Self::End(who) => (who << 3) | 4,
            Self::Nursery(id) => (id << 3) | 5,
        })
    }

    fn from_data(data: EventData) -> Option<Self> {
        let number = data.u64();
        Some(match number & 7 {
            0 => Self::Signals,
            1 => Self::Keeper,
            2 => Self::Listener(usize::try_from(number >> 3).ok()?),
            3 => Self::Line(number >> 3),
            4 => Self::End(number >> 3),
            5 => Self::Nursery(number >> 3),
            _ => return None,
        })
    }
}

impl<R, E> Office<R, E>
where
    R: FnMut() -> Option<Plan>,
    E: FnMut(Event<'_>),
{
    fn open(plan: Plan, serve: Option<Arc<Serve>>, reload: R, events: E) -> Result<Self, SupervisorError> {
        raise_open_files();
        let mut listeners = Vec::with_capacity(plan.listeners.len());
        for &address in &plan.listeners {
            let listener = listen(address, &plan.listeners)
                .map_err(|errno| SupervisorError::Listen { address, source: errno.into() })?;
            listeners.push(Some(listener));
        }
        let epoll = epoll::create(CreateFlags::CLOEXEC).map_err(SupervisorError::system("epoll_create1"))?;
        let signals = Signals::install().map_err(SupervisorError::system("signal handlers"))?;
        let settings = channel::seal(&plan.settings)
            .map_err(|source| SupervisorError::System { what: "memfd_create", source })?;
        let reserve = Reserve::new(&epoll);
        let now = Instant::now();
        let mut office = Self {
            settings_of_threads: plan.settings.as_slice().into(),
            places: Places::new(&plan.groups, plan.admission_grace),
            permits: Permits::new(&plan.permits),
            keepers: plan.keepers.iter().map(|keeper| Kept::new(keeper.clone(), now)).collect(),
            plan,
            serve,
            reload,
            events,
            epoll,
            signals,
            settings,
            listeners,
            watching: false,
            accept_again_at: None,
            shortage_told: None,
            reserve,
            foundlings: Vec::new(),
            workers: HashMap::new(),
            last_worker: 0,
            nurseries: Vec::new(),
            last_nursery: 0,
            pending: Pending::default(),
            phase: Phase::Running,
            is_ready: false,
            failed_starts: 0,
            title: String::new(),
        };
        office.watch(office.signals.as_fd(), Source::Signals)?;
        if office.serve.is_some() {
            office.watch_listeners(true);
            office.become_ready();
        } else {
            office.start_first_nursery(now)?;
        }
        Ok(office)
    }

    fn work(mut self) -> Result<(), SupervisorError> {
        let mut heard = Vec::with_capacity(EVENTS_A_ROUND);
        while !self.is_finished() {
            self.set_title();
            let timeout = self.next_deadline().map(|at| at.saturating_duration_since(Instant::now()));
            let timeout = timeout.map(channel::timespec);
            match epoll::wait(&self.epoll, spare_capacity(&mut heard), timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(SupervisorError::system("epoll_wait")(errno)),
            }
            let now = Instant::now();
            self.round(heard.drain(..).filter_map(|event| Source::from_data(event.data)), now)?;
        }
        Ok(())
    }

    /// Everything that happened at once, in the order that serves best.
    fn round(&mut self, sources: impl Iterator<Item = Source>, now: Instant) -> Result<(), SupervisorError> {
        self.accept_again_at = self.accept_again_at.filter(|&at| now < at);
        let mut ended = Vec::new();
        let mut keeper_ended = false;
        let mut waiting_at = Vec::new();
        for source in sources {
            match source {
                Source::Line(who) => {
                    if self.hear(who, now) {
                        ended.push(who);
                    }
                }
                Source::End(who) => ended.push(who),
                Source::Nursery(id) => self.hear_nursery(id, now),
                Source::Keeper => keeper_ended = true,
                Source::Listener(index) => waiting_at.push(index),
                Source::Signals => {}
            }
        }
        for who in ended {
            self.reap(who, now);
        }
        self.answer(now);
        while let Some(signal) = self.signals.next() {
            match signal {
                Signal::End => self.shut_down(now),
                Signal::Reload => self.reload(now)?,
            }
        }
        self.hand_over(&waiting_at, now);
        self.tend_nurseries(keeper_ended, now)?;
        self.tend_keepers(keeper_ended, now);
        self.continue_shutdown(now);
        self.attend_listeners(now);
        Ok(())
    }

    /// When the next round is due even if nothing happens.
    fn next_deadline(&self) -> Option<Instant> {
        let accept = if self.watching { None } else { self.accept_again_at };
        let nurseries = self.nurseries.iter().filter_map(|nursery| nursery.kept.next_deadline()).min();
        let keepers =
            if self.is_ready { self.keepers.iter().filter_map(Kept::next_deadline).min() } else { None };
        let shutdown = self.phase.deadline();
        [self.places.next_deadline(), accept, nurseries, keepers, shutdown].into_iter().flatten().min()
    }

    fn become_ready(&mut self) {
        if !self.is_ready {
            self.is_ready = true;
            let addresses = self.addresses();
            (self.events)(Event::Ready { listeners: &addresses });
        }
    }

    fn tend_keepers(&mut self, some_ended: bool, now: Instant) {
        if !self.is_ready {
            return;
        }
        for kept in &mut self.keepers {
            if some_ended {
                // The system forgets a descriptor that is closed, so none has to be taken from the epoll.
                kept.reap(now, &mut self.events);
            }
            if kept.tend(&self.settings, now, &mut self.events)
                && let Some(pidfd) = kept.pidfd()
            {
                let data = Source::Keeper.to_data();
                // Not watched, its end would be seen with that of another: late, but seen.
                epoll::add(&self.epoll, pidfd, data, EventFlags::IN).ok();
            }
        }
        self.keepers.retain(|kept| !kept.is_over());
    }

    fn watch(&self, descriptor: impl AsFd, source: Source) -> Result<(), SupervisorError> {
        epoll::add(&self.epoll, descriptor, source.to_data(), EventFlags::IN)
            .map_err(SupervisorError::system("epoll_ctl"))
    }

    /// Workers that serve an association, or export for one that is over.
    fn serving(&self) -> usize {
        self.workers
            .iter()
            .filter(|(who, worker)| {
                matches!(worker.stage, Stage::Serving | Stage::Leaving) || self.permits.of(**who) > 0
            })
            .count()
    }

    fn set_title(&mut self) {
        let mut title = std::mem::take(&mut self.title);
        title.clear();
        title.push_str(self.phase.title());
        title.push_str(&self.places.summary());
        title::set(&title);
        self.title = title;
    }
}

/// Each child costs two descriptors; the usual 1024 would be the first limit met.
fn raise_open_files() {
    let Rlimit { current, maximum } = rustix::process::getrlimit(Resource::Nofile);
    if current != maximum {
        rustix::process::setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).ok();
    }
}

//! One run: the archive's lives, each with its peers and its end, and after each what must hold.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use holdings::{Duplicates, Finding, Holdings, HoldingsRules, LastEnd, Running, Started, Sync};

use crate::baton::{Baton, Event, Happen, Work, here};
use crate::catalog_file;
use crate::check::{check_answers, check_rows, rows};
use crate::disk::{Failures, Platter};
use crate::network::{Manners, connect};
use crate::peers::{Calling, Script};
use crate::random::Random;
use crate::server::{Archive, Recording, keep_house};
use crate::truth::Truth;
use crate::universe::Universe;
use crate::{Broken, Options, Outcome};

/// No life has more steps; most have some hundreds.
const STEPS_MAX: u64 = 400_000;

/// Steps among which the end of a life mostly is.
const STEPS_OF_LIFE: u64 = 2_500;

/// How a life ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Not at all: the next peers find the same process.
    GoesOn,
    /// By SIGTERM.
    Stops,
    /// All processes are killed.
    Killed,
    /// The power goes.
    PowerCut,
}

/// A process of the archive that runs.
struct Life {
    holdings: Holdings,
    running: Running,
}

struct Run {
    random: Random,
    baton: Baton,
    archive: Arc<Archive>,
    universe: Universe,
    truth: Truth,
    life: Option<Life>,
    connections: u64,
    /// Whether a process that was killed alone, or a disk that failed, may have left bytes without an entry: a start looks
    /// for them only on the days since the last checkpoint, and not after a clean end.
    untidy: bool,
    synced: catalog_file::Synced,
}

/// Runs what follows from a seed, with the catalog in an empty directory.
pub(crate) fn run(seed: u64, data: &std::path::Path, options: Options) -> io::Result<Outcome> {
    let mut random = Random::new(seed);
    let baton = Baton::new(random.fork(), epoch(&mut random), options.told);
    let rules = rules(&mut random);
    let disk = Platter::new(data, random.chance(15), options.broken.and_then(Broken::lie));
    if !random.chance(5) {
        catalog_file::prepare(data)?;
    }
    let mut archive = Archive::new(data.to_owned(), disk, rules)
        .ok_or_else(|| io::Error::other("the archive cannot be put together"))?;
    archive.fault = options.broken.and_then(Broken::fault);
    archive.has_recorder = random.chance(50);
    if random.chance(10) {
        archive.associations_max = random.between(1, 2);
    }
    let universe = Universe::draw(&mut random);
    let mut run = Run {
        random,
        baton,
        archive: Arc::new(archive),
        universe,
        truth: Truth::default(),
        life: None,
        connections: 0,
        untidy: false,
        synced: catalog_file::Synced::default(),
    };
    let lives = run.random.between(1, 3);
    for life in 0..lives {
        run.start()?;
        if run.baton.has_violations() {
            break;
        }
        let end = run.live(life + 1 == lives)?;
        run.end(end)?;
    }
    if !run.baton.has_violations() {
        run.start()?;
    }
    run.life = None;
    let (violations, counts, steps, trace) = run.baton.seen();
    Ok(Outcome { violations, counts, steps, trace })
}

/// Some day at some time, midnight more often than others.
fn epoch(random: &mut Random) -> SystemTime {
    let day = SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 20_780);
    match random.chance(20) {
        true => day - Duration::from_millis(random.below(200)),
        false => day + Duration::from_secs(random.below(86_400)),
    }
}

fn rules(random: &mut Random) -> HoldingsRules {
    let duplicates = match random.below(10) {
        0..=6 => Duplicates::KeepBoth,
        7..=8 => Duplicates::Replace,
        _ => Duplicates::NewUid,
    };
    let sync = if random.chance(6) { Sync::None } else { Sync::Instance };
    HoldingsRules { duplicates, sync, ..HoldingsRules::default() }
}

impl Run {
    /// Starts the archive, if it does not run, and looks whether all is as it must be.
    fn start(&mut self) -> io::Result<()> {
        let mut interruptions = if self.random.chance(25) { self.random.below(3) } else { 0 };
        while self.life.is_none() && !self.baton.has_violations() {
            let is_interrupted = interruptions > 0;
            interruptions = interruptions.saturating_sub(1);
            if is_interrupted {
                self.start_in_vain()?;
            } else {
                self.life = self.attempt_start(Failures::None, Vec::new());
                if self.life.is_none() {
                    self.baton.violate("the archive does not start".to_owned());
                }
            }
        }
        self.verify();
        Ok(())
    }

    /// A start that something comes in between.
    fn start_in_vain(&mut self) -> io::Result<()> {
        let steps = self.random.mostly_small(60);
        let end = self.random.chance(60).then(|| if self.may_cut() { End::PowerCut } else { End::Killed });
        let failures = if end.is_none() { Failures::draw(&mut self.random, 60) } else { Failures::None };
        let ended = Arc::new(AtomicBool::new(false));
        let events = end.map(|end| self.event(steps, end, &ended));
        if failures != Failures::None {
            self.baton.count("disk failed while starting");
            self.untidy = true;
        }
        self.life = self.attempt_start(failures, events.into_iter().collect());
        match end {
            Some(end) if ended.load(Ordering::Relaxed) => {
                self.baton.count("end came while starting");
                self.end(end)
            }
            _ => Ok(()),
        }
    }

    fn attempt_start(&mut self, failures: Failures, events: Vec<Event>) -> Option<Life> {
        let life = Mutex::new(None);
        let archive = Arc::clone(&self.archive);
        archive.disk.fail(failures, self.baton.steps());
        let work = Work {
            name: "start",
            is_ours: true,
            run: Box::new(|| {
                let started = begin(&archive);
                *life.lock().unwrap_or_else(PoisonError::into_inner) = started;
            }),
        };
        self.baton.run(vec![work], events, STEPS_MAX);
        let life = life.into_inner().unwrap_or_else(PoisonError::into_inner);
        life.map(|(life, last_end)| {
            self.baton.count(match last_end {
                LastEnd::None => "start: first",
                LastEnd::Clean => "start: after a clean end",
                LastEnd::Killed | LastEnd::MachineDown => "start: after an unclean end",
                LastEnd::StillRunning => "start: beside others",
            });
            life
        })
    }

    /// Looks at everything, by itself and as a peer would.
    fn verify(&mut self) {
        let archive = Arc::clone(&self.archive);
        archive.disk.fail(Failures::None, self.baton.steps());
        archive.begin();
        let attempts = self.truth.attempts();
        let (server, peer) = connect(self.connections, Manners::good(), &mut self.random);
        self.connections += 1;
        let random = self.random.fork();
        let duplicates = archive.rules.duplicates;
        let untidy = self.untidy;
        let ask = || {
            let rows = rows(&archive, &attempts, untidy);
            check_rows(&rows, &attempts, duplicates);
            let Some(mut calling) = Calling::begin(peer, 16_384, random) else {
                return crate::server::violate("the archive takes no association".to_owned());
            };
            if let Err(ended) = check_answers(&mut calling, &rows, duplicates) {
                crate::server::violate(format!("the archive does not answer: {ended}"));
            }
            calling.release();
            if let Some((baton, _)) = here() {
                baton.count("all was verified");
            }
        };
        let works = vec![
            Work { name: "association", is_ours: true, run: Box::new(|| archive.serve(server)) },
            Work { name: "peer", is_ours: false, run: Box::new(ask) },
        ];
        self.baton.run(works, Vec::new(), STEPS_MAX);
    }

    /// One life, with whatever happens in it; gives how it ends.
    fn live(&mut self, is_last: bool) -> io::Result<End> {
        let archive = Arc::clone(&self.archive);
        archive.begin();
        let failures = Failures::draw(&mut self.random, STEPS_OF_LIFE);
        self.untidy |= failures != Failures::None;
        archive.disk.fail(failures, self.baton.steps());
        let recording = archive.has_recorder.then(|| Recording::begin(&archive)).flatten();
        let ended = Arc::new(AtomicBool::new(false));
        let killed = Arc::new(AtomicBool::new(false));
        let (end, events) = self.events(&ended, &killed, recording.as_ref());

        let mut works = Vec::new();
        let universe = &self.universe;
        let truth = &self.truth;
        for _ in 0..self.random.between(1, 4) {
            let manners = Manners::draw(&mut self.random, universe.is_large);
            let (server, peer) = connect(self.connections, manners, &mut self.random);
            self.connections += 1;
            let script = Script::draw(&mut self.random, universe);
            let random = self.random.fork();
            let archive = &archive;
            works.push(Work {
                name: "association",
                is_ours: true,
                run: Box::new(move || archive.serve(server)),
            });
            works.push(Work {
                name: "peer",
                is_ours: false,
                run: Box::new(move || script.run(peer, universe, truth, random)),
            });
        }
        if self.random.chance(50) {
            let random = &mut self.random;
            let pauses = random.between(1, 3);
            let pauses: Vec<_> =
                (0..pauses).map(|_| Duration::from_micros(random.mostly_small(2_000_000))).collect();
            let archive = &archive;
            works.push(Work {
                name: "housekeeper",
                is_ours: true,
                run: Box::new(move || keep_house(archive, &pauses)),
            });
        }
        self.baton.run(works, events, STEPS_MAX);
        if let Some(recording) = recording {
            recording.end();
        }
        if archive.associations() != 0 {
            self.baton.violate(format!("{} places were not given back", archive.associations()));
        }
        if killed.load(Ordering::Relaxed) {
            // What it left is looked for when the archive starts the next time.
            self.untidy = true;
            if let Some(life) = &mut self.life {
                life.running.somebody_was_killed();
            }
        }
        if ended.load(Ordering::Relaxed) {
            self.baton.count(match end {
                End::PowerCut => "power was cut at work",
                End::Killed => "all were killed at work",
                End::Stops | End::GoesOn => "stopped at work",
            });
            return Ok(end);
        }
        Ok(match self.random.below(10) {
            0..=2 if !is_last => End::GoesOn,
            3..=4 => End::Stops,
            5..=6 => End::Killed,
            _ if self.may_cut() => End::PowerCut,
            _ => End::Killed,
        })
    }

    /// Whether what is acknowledged must survive a power cut.
    fn may_cut(&self) -> bool {
        self.archive.rules.sync == Sync::Instance
    }

    /// What happens in a life, and how it ends if it comes to that.
    fn events(
        &mut self,
        ended: &Arc<AtomicBool>,
        killed: &Arc<AtomicBool>,
        recording: Option<&Arc<Recording>>,
    ) -> (End, Vec<Event>) {
        let mut events = Vec::new();
        if self.random.chance(25) {
            for _ in 0..self.random.between(1, 2) {
                let which = self.random.index(5);
                let killed = Arc::clone(killed);
                let happen: Happen = Box::new(move |baton| {
                    let alive = baton.alive().max(1);
                    if baton.kill(&|number| number == which % alive) > 0 {
                        baton.count("one process was killed");
                        killed.store(true, Ordering::Relaxed);
                    }
                });
                events.push(Event { at: self.random.mostly_small(STEPS_OF_LIFE), happen });
            }
        }
        if let Some(recording) = recording.filter(|_| self.random.chance(25)) {
            let recording = Arc::clone(recording);
            let happen: Happen = Box::new(move |baton| {
                if recording.end() {
                    baton.count("the recorder was killed");
                }
            });
            events.push(Event { at: self.random.mostly_small(STEPS_OF_LIFE), happen });
        }
        let end = match self.random.below(10) {
            0..=3 if self.may_cut() => End::PowerCut,
            0..=5 => End::Killed,
            6 => End::Stops,
            _ => End::GoesOn,
        };
        if end != End::GoesOn {
            let at = self.random.mostly_small(STEPS_OF_LIFE);
            events.push(self.event(at, end, ended));
        }
        (end, events)
    }

    fn event(&self, at: u64, end: End, ended: &Arc<AtomicBool>) -> Event {
        let ended = Arc::clone(ended);
        let happen: Happen = Box::new(move |baton| {
            ended.store(true, Ordering::Relaxed);
            match end {
                End::Killed | End::PowerCut => drop(baton.kill(&|_| true)),
                End::Stops => baton.stop(),
                End::GoesOn => {}
            }
        });
        Event { at, happen }
    }

    /// Ends a life.
    fn end(&mut self, end: End) -> io::Result<()> {
        self.synced.look(&self.archive.data);
        match end {
            End::GoesOn => {
                self.baton.count("end: none");
                self.pass_time();
                return Ok(());
            }
            End::Stops => {
                self.baton.count("end: stopped");
                if let Some(Life { mut holdings, running }) = self.life.take() {
                    let time = self.baton.time();
                    let stop = || drop(running.stop(&mut holdings, time));
                    let work = Work { name: "stop", is_ours: true, run: Box::new(stop) };
                    self.baton.run(vec![work], Vec::new(), STEPS_MAX);
                }
                self.archive.disk.processes_end();
            }
            End::Killed => {
                self.baton.count("end: killed");
                self.life = None;
                self.archive.disk.processes_end();
            }
            End::PowerCut => {
                self.baton.count("end: power cut");
                self.life = None;
                self.cut_power()?;
            }
        }
        if end != End::Stops && self.random.chance(6) {
            self.baton.count("the catalog was lost");
            catalog_file::lose(&self.archive.data)?;
            if self.random.chance(50) {
                self.reindex();
            }
        }
        self.pass_time();
        Ok(())
    }

    fn cut_power(&mut self) -> io::Result<()> {
        let mode = self.random.below(3);
        let random = &mut self.random;
        let mut survives = || match mode {
            0 => false,
            1 => true,
            _ => random.chance(50),
        };
        self.archive.disk.lose_power(&mut survives);
        let mode = self.random.below(4);
        let random = &mut self.random;
        let lost = catalog_file::lose_power(&self.archive.data, &mut self.synced, &mut || match mode {
            0 => false,
            1 => true,
            _ => !random.chance(8),
        })?;
        if lost > 0 {
            self.baton.count("power cut took commits");
        }
        Ok(())
    }

    fn reindex(&mut self) {
        let disk = Arc::new(self.archive.disk.clone());
        let rules = self.archive.rules.clone();
        let reindexed = Holdings::reindex_on(disk, &self.archive.data, rules, &mut |_| {}, &mut |finding| {
            self.baton.violate(format!("a reindex found: {finding}"));
        });
        match reindexed {
            Ok(_) => self.baton.count("the catalog was rebuilt"),
            Err(error) => self.baton.violate(format!("the catalog cannot be rebuilt: {error}")),
        }
    }

    /// Hours or days go by, or the clock is set back.
    fn pass_time(&mut self) {
        let time = self.baton.time();
        let time = match self.random.below(10) {
            0..=4 => time + Duration::from_secs(self.random.below(60)),
            5..=6 => time + Duration::from_hours(self.random.below(12)),
            7..=8 => time + Duration::from_hours(24 * self.random.below(4)),
            _ => time - Duration::from_hours(self.random.below(48)),
        };
        self.baton.set_clock(time);
    }
}

/// Starts a process of the archive, and says how the last one ended.
fn begin(archive: &Archive) -> Option<(Life, LastEnd)> {
    let (baton, _) = here()?;
    let duplicates = archive.rules.duplicates;
    let mut holdings = archive.open().ok()?;
    let mut report = |finding: &Finding| match finding {
        Finding::Unrecorded(_) => baton.count("found: bytes without an entry"),
        // What was replaced loses its row first.
        Finding::Lost(_) | Finding::DayLost { .. } if duplicates == Duplicates::Replace => {
            baton.count("found: an entry without bytes")
        }
        _ => baton.violate(format!("the start found: {finding}")),
    };
    let Started { last_end, stale_drafts, running, .. } = holdings.start(&mut report).ok()?;
    if stale_drafts > 0 {
        baton.count("found: drafts");
    }
    Some((Life { holdings, running }, last_end))
}

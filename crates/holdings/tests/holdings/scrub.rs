//! The scrub, with a clock that moves when it is waited for and never else.

use std::{
    fs,
    ops::ControlFlow,
    path::Path,
    time::{Duration, SystemTime},
};

use holdings::{Holdings, Pace, ScrubRules, Scrubbing, scrub};
use vocabulary::Encoding;

use crate::support::*;

const DAY: Duration = Duration::from_hours(24);

/// A clock that stands still but for pauses, and lets so many of them be.
struct Clock {
    now: SystemTime,
    pauses_left: usize,
    paused: Vec<Duration>,
    /// Whether it waits until the next scrub is due.
    waits: bool,
}

impl Clock {
    fn at(now: SystemTime, pauses: usize) -> Self {
        Self { now, pauses_left: pauses, paused: Vec::new(), waits: true }
    }

    /// One that ends with the scrub.
    fn for_one_scrub(now: SystemTime) -> Self {
        Self { waits: false, ..Self::at(now, usize::MAX) }
    }
}

impl Pace for Clock {
    fn now(&self) -> SystemTime {
        self.now
    }

    fn pause(&mut self, length: Duration) -> ControlFlow<()> {
        if !self.waits && length >= Duration::from_hours(1) {
            return ControlFlow::Break(());
        }
        let Some(left) = self.pauses_left.checked_sub(1) else { return ControlFlow::Break(()) };
        self.pauses_left = left;
        self.now += length;
        self.paused.push(length);
        ControlFlow::Continue(())
    }
}

fn hold(data: &Path, count: u32) -> Vec<Instance> {
    let mut holdings = open(data);
    let instances: Vec<_> = (1..=count).map(|number| Instance::new(&format!("1.2.3.4.{number}"))).collect();
    for instance in &instances {
        let _kept = keep(&mut holdings, instance).unwrap();
    }
    instances
}

fn file(data: &Path, number: u32) -> std::path::PathBuf {
    data.join(format!("vault/2026/11/23/1.2.3/1.2.3.4/1.2.3.4.{number}.dcm"))
}

fn damage(data: &Path, number: u32) {
    let mut bytes = fs::read(file(data, number)).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(file(data, number), bytes).unwrap();
}

/// So slow that each instance takes a pause.
fn rules() -> ScrubRules {
    ScrubRules { every: 30 * DAY, bytes_a_second: 10_000 }
}

/// What a run tells, in short words.
fn run(data: &Path, clock: &mut Clock) -> Vec<String> {
    let mut told = Vec::new();
    scrub(data, rules(), clock, &mut |scrubbing| {
        told.push(match scrubbing {
            Scrubbing::Begins { after: None } => "begins".to_owned(),
            Scrubbing::Begins { after: Some(after) } => {
                format!("goes on after {}", after.file_name().unwrap().display())
            }
            Scrubbing::Found(fault) => {
                format!("found {}", fault.path().unwrap().file_name().unwrap().display())
            }
            Scrubbing::Ended { instances, faults, .. } => format!("ended: {instances}, {faults}"),
            Scrubbing::NotNoted(error) => error.to_string(),
        });
    })
    .unwrap();
    told
}

#[test]
fn the_first_scrub_comes_when_its_time_has_come_and_then_one_after_the_other() {
    let data = tempfile::tempdir().unwrap();
    let instances = hold(data.path(), 3);
    // The clock is looked at every hour.
    let hours = 30 * 24;
    let mut clock = Clock::at(noon(0), hours - 1);
    assert_eq!(run(data.path(), &mut clock), [""; 0]);
    let mut clock = Clock::at(clock.now, 1 + 3 + hours);
    assert_eq!(run(data.path(), &mut clock), ["begins", "ended: 3, 0", "begins"]);
    let bytes = fs::metadata(file(data.path(), 1)).unwrap().len();
    assert!(bytes > instances[0].data_set(Encoding::ExplicitLittleEndian).len() as u64);
}

#[test]
fn no_more_is_read_in_a_second_than_allowed() {
    let data = tempfile::tempdir().unwrap();
    hold(data.path(), 5);
    let mut clock = Clock::at(noon(0), 0);
    run(data.path(), &mut clock);
    let mut clock = Clock::at(noon(30), 1 + 5);
    assert_eq!(run(data.path(), &mut clock)[..2], ["begins", "ended: 5, 0"]);
    let bytes: u64 = (1..=5).map(|number| fs::metadata(file(data.path(), number)).unwrap().len()).sum();
    // The first pause is that before it begins.
    let paused: Duration = clock.paused[1..].iter().sum();
    let at_least = Duration::from_micros(bytes * 1_000_000 / rules().bytes_a_second);
    assert!(paused >= at_least, "{bytes} bytes, {paused:?}");
}

#[test]
fn after_a_restart_it_goes_on_where_it_was() {
    let data = tempfile::tempdir().unwrap();
    hold(data.path(), 5);
    run(data.path(), &mut Clock::at(noon(0), 0));
    let mut clock = Clock::at(noon(30), 1 + 2);
    assert_eq!(run(data.path(), &mut clock), ["begins"]);
    let mut clock = Clock::at(clock.now, 3);
    assert_eq!(
        run(data.path(), &mut clock)[..2],
        ["goes on after 1.2.3.4.2.dcm".to_owned(), "ended: 5, 0".to_owned()]
    );
}

#[test]
fn each_fault_is_told_once_and_again_only_if_it_was_cured_meanwhile() {
    let data = tempfile::tempdir().unwrap();
    hold(data.path(), 3);
    run(data.path(), &mut Clock::at(noon(0), 0));
    damage(data.path(), 2);
    let scrubbed = |day: u64| run(data.path(), &mut Clock::for_one_scrub(noon(day)));
    assert_eq!(scrubbed(30), ["begins", "found 1.2.3.4.2.dcm", "ended: 3, 1"]);
    let last = Holdings::last_scrub(data.path()).unwrap();
    assert_eq!((last.began, last.under_way, last.faults.len()), (noon(30), false, 1));
    damage(data.path(), 1);
    assert_eq!(scrubbed(60), ["begins", "found 1.2.3.4.1.dcm", "ended: 3, 2"]);
    damage(data.path(), 1);
    damage(data.path(), 2);
    assert_eq!(scrubbed(90), ["begins", "ended: 3, 0"]);
    damage(data.path(), 2);
    assert_eq!(scrubbed(120), ["begins", "found 1.2.3.4.2.dcm", "ended: 3, 1"]);
}

#[test]
fn a_fault_that_was_told_before_a_restart_is_not_told_after_it() {
    let data = tempfile::tempdir().unwrap();
    hold(data.path(), 4);
    run(data.path(), &mut Clock::at(noon(0), 0));
    damage(data.path(), 1);
    assert_eq!(run(data.path(), &mut Clock::at(noon(30), 1 + 2)), ["begins", "found 1.2.3.4.1.dcm"]);
    let told = run(data.path(), &mut Clock::for_one_scrub(noon(30)));
    assert_eq!(told, ["goes on after 1.2.3.4.1.dcm", "ended: 4, 1"]);
}

#[test]
fn who_wants_to_break_off_is_heard_even_if_scrubs_follow_each_other_without_a_pause() {
    let data = tempfile::tempdir().unwrap();
    hold(data.path(), 1);
    let rules = ScrubRules { every: Duration::from_millis(1), bytes_a_second: u64::MAX };
    let mut ended = 0;
    scrub(data.path(), rules, &mut Clock::at(noon(0), 3), &mut |told| {
        ended += usize::from(matches!(told, Scrubbing::Ended { .. }));
    })
    .unwrap();
    assert_eq!(ended, 3);
}

#[test]
fn a_note_that_cannot_be_read_is_no_obstacle() {
    let data = tempfile::tempdir().unwrap();
    hold(data.path(), 1);
    fs::write(data.path().join("scrub.json"), "{").unwrap();
    assert_eq!(run(data.path(), &mut Clock::at(noon(0), 30 * 24 + 1)), ["begins", "ended: 1, 0"]);
}

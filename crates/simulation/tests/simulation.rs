//! The archive in simulated worlds, at seeds that are always the same and at some that never were before; and that the
//! simulation finds what is broken on purpose.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::time::{SystemTime, UNIX_EPOCH};

use simulation::{Broken, Options, Outcome, simulate};

fn run(seed: u64, options: Options) -> Outcome {
    simulate(seed, options).unwrap()
}

fn all_is_as_it_must_be(seeds: impl Iterator<Item = u64>) {
    for seed in seeds {
        let outcome = run(seed, Options::default());
        assert_eq!(outcome.violations, [""; 0], "seed {seed}: cargo simulate --seed {seed} --told");
    }
}

#[test]
fn sil_081_nothing_acknowledged_is_lost_at_the_seeds_that_are_always_run() {
    all_is_as_it_must_be(0..60);
}

#[test]
fn sil_081_nor_at_seeds_that_nobody_has_seen() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let first = now.as_secs() * 1_000;
    all_is_as_it_must_be(first..first + 40);
}

/// Seeds at which there was something to cure once.
#[test]
fn nor_at_seeds_that_found_something() {
    all_is_as_it_must_be([62, 247, 969, 1218, 6590, 9643, 100_384, 106_337, 103_179].into_iter());
}

#[test]
fn a_seed_gives_the_same_run_each_time() {
    for seed in 0..12 {
        assert_eq!(run(seed, Options::default()), run(seed, Options::default()), "seed {seed}");
    }
}

#[test]
fn what_is_broken_is_found_within_a_few_seeds() {
    const SEEDS: u64 = 60;
    for (name, broken) in Broken::ALL {
        let options = Options { broken: Some(broken), ..Options::default() };
        let found = (0..SEEDS).any(|seed| !run(seed, options).violations.is_empty());
        assert!(found, "{name} was not found within {SEEDS} seeds");
    }
}

/// What has to happen at some of so many seeds, or the others show nothing.
#[test]
fn everything_that_can_go_wrong_does() {
    const EVENTS: &[&str] = &[
        "C-FIND succeeded",
        "C-GET succeeded",
        "C-STORE acknowledged",
        "C-STORE refused: the data set",
        "C-STORE refused: we fall short",
        "all were killed at work",
        "association had no place",
        "disk full",
        "end came while starting",
        "end: killed",
        "end: none",
        "end: power cut",
        "end: stopped",
        "found: bytes without an entry",
        "found: drafts",
        "house was kept",
        "one process was killed",
        "peer aborted",
        "peer closed the connection",
        "peer released early",
        "peer sent garbage",
        "peer stalled",
        "power cut took commits",
        "power was cut at work",
        "start: after a clean end",
        "start: after an unclean end",
        "the catalog was lost",
        "the catalog was rebuilt",
        "the recorder was killed",
    ];
    let mut missing = EVENTS.to_vec();
    for seed in 1_000..1_400 {
        let outcome = run(seed, Options::default());
        missing.retain(|event| !outcome.counts.contains_key(event));
        if missing.is_empty() {
            return;
        }
    }
    panic!("this has not happened: {missing:?}");
}

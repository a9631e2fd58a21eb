//! `cargo simulate`: runs seeds and says what happened.

use std::{collections::BTreeMap, io::Write, process::ExitCode, time::Instant};

use clap::Parser;
use simulation::{Broken, Options, Outcome, simulate};

/// Runs the archive in simulated worlds and says what was not as it must be.
#[derive(Debug, Parser)]
struct Arguments {
    /// One seed, and everything that is said of it.
    #[arg(long, conflicts_with_all = ["from", "count"])]
    seed: Option<u64>,
    /// The first seed of several.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many.
    #[arg(long, default_value_t = 1_000)]
    count: u64,
    /// Something that is broken on purpose.
    #[arg(long, value_parser = broken)]
    broken: Option<Broken>,
    /// Print every step, and the archive's log.
    #[arg(long, requires = "seed")]
    told: bool,
}

fn broken(name: &str) -> Result<Broken, String> {
    let known = Broken::ALL.iter().find(|(known, _)| *known == name).map(|(_, broken)| *broken);
    known.ok_or_else(|| Broken::ALL.map(|(known, _)| known).join(", "))
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (from, count) = arguments.seed.map_or((arguments.from, arguments.count), |seed| (seed, 1));
    let options = Options { broken: arguments.broken, told: arguments.told };
    if options.told {
        tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::TRACE).init();
    }
    match run(from, count, options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("no simulation: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all was as it must be.
fn run(from: u64, count: u64, options: Options) -> std::io::Result<bool> {
    let mut out = std::io::stdout();
    let (mut counts, mut steps, mut failed) = (BTreeMap::<&str, u64>::new(), 0, 0_u64);
    let began = Instant::now();
    for seed in from..from.saturating_add(count) {
        let outcome: Outcome = simulate(seed, options)?;
        steps += outcome.steps;
        for (what, times) in outcome.counts {
            *counts.entry(what).or_default() += times;
        }
        if let [first, others @ ..] = outcome.violations.as_slice() {
            failed += 1;
            writeln!(out, "seed {seed}: {first}, and {} more", others.len())?;
        }
        if count == 1 {
            writeln!(out, "trace {}", outcome.trace)?;
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    writeln!(out, "{count} seeds from {from}, {failed} with violations, {steps} steps, {seconds:.1} s")?;
    for (what, times) in counts {
        writeln!(out, "{times:>10}  {what}")?;
    }
    Ok(failed == 0)
}

//! `isocenter verify`: whether everything is as it was kept. Nothing is changed; it may run beside a server.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use holdings::{Extent, Fault, Holdings, Inspect, InstanceKey};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use crate::cli::Verify;
use crate::commands::say::{Audience, say};
use crate::commands::{Failure, configured};

/// Says each fault and what to do about it, then counts. Faults are a failure of the command.
pub(crate) fn run(arguments: &Verify) -> Result<(), Failure> {
    let effective = configured(&arguments.located.sources())?;
    let data = &effective.configuration.data;
    if !data.is_dir() {
        let data = data.display();
        return Err(Failure(format!("there are no data in {data}: name their directory with --data")));
    }
    let extent = if arguments.quick { Extent::PresenceAndLength } else { Extent::Whole };
    let mut teller = Teller { progress: progress(), unsaid: Ok(Audience::Listens) };
    let verified = Holdings::verify(data, extent, SystemTime::now(), &mut teller)?;
    teller.progress.finish_and_clear();
    teller.unsaid?;

    say(format_args!("{} instances, {} read", verified.instances, HumanBytes(verified.bytes)))?;
    if verified.other_versions > 0 {
        say(format_args!(
            "; {} of them are older versions, which stay beside the current one",
            verified.other_versions
        ))?;
    }
    if verified.being_recorded > 0 {
        say(format_args!("; {} are just being kept", verified.being_recorded))?;
    }
    if arguments.quick
        && let Some(last) = Holdings::last_scrub(data)
        && !last.faults.is_empty()
    {
        say(format_args!("\nthe last scrub found besides:\n{}", last.faults.join("\n")))?;
    }
    match verified.faults {
        0 => {
            say(format_args!("; all as they were kept\n"))?;
            Ok(())
        }
        faults => {
            say(format_args!("\n"))?;
            Err(Failure(format!("{faults} of all that was looked at is not as it was kept")))
        }
    }
}

/// Tells of faults as they are found, and how far it is.
struct Teller {
    progress: ProgressBar,
    /// Whether what was found could be said.
    unsaid: Result<Audience, Failure>,
}

impl Inspect for Teller {
    fn read(&mut self, bytes: u64) -> ControlFlow<()> {
        self.progress.inc(bytes);
        // Whoever reads no more has seen enough.
        match self.unsaid {
            Ok(Audience::Listens) => ControlFlow::Continue(()),
            Ok(Audience::Left) | Err(_) => ControlFlow::Break(()),
        }
    }

    fn seen(&mut self, key: &InstanceKey) -> ControlFlow<()> {
        self.progress.set_message(key.day.to_string());
        ControlFlow::Continue(())
    }

    fn found(&mut self, fault: Fault) {
        if matches!(self.unsaid, Ok(Audience::Listens)) {
            self.unsaid = self.progress.suspend(|| say(format_args!("{fault}\n")));
        }
    }
}

/// How far it is, where somebody looks at it: nobody knows how much there is without having looked at all.
fn progress() -> ProgressBar {
    const REDRAWN_EVERY: Duration = Duration::from_millis(100);
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("received on {msg}: {bytes} read, {bytes_per_sec}, {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    let progress = ProgressBar::new_spinner().with_style(style);
    progress.enable_steady_tick(REDRAWN_EVERY);
    progress
}

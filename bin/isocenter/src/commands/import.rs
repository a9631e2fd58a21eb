//! `isocenter import`: files into the holdings, on the same way as instances that come over an association.

use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::SystemTime;

use holdings::How;
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::Import;
use crate::commands::say::{remark, say};
use crate::commands::{Failure, configured, paths};
use crate::wiring::{OpensHoldings, import_origin};

/// Takes in every file below the paths; what is skipped is said, with the reason.
pub(crate) fn run(arguments: &Import) -> Result<(), Failure> {
    let effective = configured(&arguments.configured.sources())?;
    let mut holdings = OpensHoldings::new(&effective.configuration).open()?;
    let started = holdings.start(&mut |finding| remark(format_args!("{finding}")))?;
    let origin = import_origin();

    let mut skipped = 0_u64;
    let files = paths::files(&arguments.paths, &mut |path, error| {
        skipped += 1;
        remark(format_args!("skipped {}: {error}", path.display()));
    });
    let progress = progress(files.len() as u64);
    let (mut kept, mut versions, mut held) = (0_u64, 0_u64, 0_u64);
    let mut fell_short = None;
    let jobs = arguments.jobs.unwrap_or_else(jobs);
    holdings.import_all(&files, &origin, jobs, &SystemTime::now, &mut |file, imported| {
        match imported.map(|imported| imported.how()) {
            Ok(How::HeldAlready) => held += 1,
            Ok(how) => {
                kept += 1;
                versions += u64::from(how == How::AnotherVersion);
            }
            Err(reason) if reason.is_ours() => {
                fell_short.get_or_insert_with(|| format!("stopped at {}: {reason}", file.display()));
            }
            Err(reason) => {
                skipped += 1;
                progress.suspend(|| remark(format_args!("skipped {}: {reason}", file.display())));
            }
        }
        progress.inc(1);
    })?;
    if let Some(reason) = fell_short {
        progress.abandon();
        return Err(Failure(reason));
    }
    progress.finish_and_clear();
    started.running.stop(&mut holdings, SystemTime::now())?;
    say(format_args!("{kept} imported, {held} held already, {skipped} skipped\n"))?;
    if versions > 0 {
        say(format_args!(
            "of the imported {versions} differ from an instance held under the same UID; both are kept\n"
        ))?;
    }
    paths::all_exist(&arguments.paths)
}

/// How many files are taken in at the same time: most of them wait for the disk.
fn jobs() -> NonZeroUsize {
    const JOBS_A_CORE: NonZeroUsize = NonZeroUsize::new(4).unwrap();
    available_parallelism().map_or(JOBS_A_CORE, |cores| cores.saturating_mul(JOBS_A_CORE))
}

/// A bar where somebody looks at it.
pub(crate) fn progress(files: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len}, {per_sec}, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(files).with_style(style)
}

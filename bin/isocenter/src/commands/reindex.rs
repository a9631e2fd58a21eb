//! `isocenter reindex`: the catalog anew from the vault.

use crate::cli::Configured;
use crate::commands::say::{remark, say};
use crate::commands::{Failure, configured};
use crate::wiring::OpensHoldings;

/// Builds the catalog anew; files that are no instance are said and left where they are.
pub(crate) fn run(arguments: &Configured) -> Result<(), Failure> {
    let effective = configured(&arguments.sources())?;
    let data = &effective.configuration.data;
    if !data.is_dir() {
        return Err(Failure(format!(
            "there are no data in {}: name their directory with --data",
            data.display()
        )));
    }
    let opens = OpensHoldings::new(&effective.configuration);
    let progress = super::import::progress(0);
    let reindexed = opens.reindex(
        &mut |instances| {
            progress.set_length(instances);
            progress.set_position(instances);
        },
        &mut |finding| progress.suspend(|| remark(format_args!("{finding}"))),
    )?;
    progress.finish_and_clear();
    say(format_args!(
        "{} instances recorded; {} files unreadable, {} unknown, left where they are\n",
        reindexed.instances, reindexed.unreadable, reindexed.unknown
    ))?;
    Ok(())
}

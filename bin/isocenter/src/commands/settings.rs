//! `isocenter settings`: what holds, and why.

use crate::cli::Settings;
use crate::commands::say::say;
use crate::commands::{Failure, configured};

/// Prints every setting, one in full, or the reference.
pub(crate) fn run(arguments: &Settings) -> Result<(), Failure> {
    if arguments.reference {
        say(format_args!("{}", configuration::reference()))?;
        return Ok(());
    }
    let effective = configured(&arguments.configured.sources())?;
    match &arguments.key {
        Some(key) => say(format_args!("{}", effective.explain(key)?))?,
        None => say(format_args!("{}", effective.to_text()))?,
    };
    Ok(())
}

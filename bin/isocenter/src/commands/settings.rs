//! `isocenter settings`: what holds, and why.

use crate::cli::Settings;
use crate::commands::{Failure, configured};

/// Prints every setting, one in full, or the reference.
pub(crate) fn run(arguments: &Settings) -> Result<(), Failure> {
    if arguments.reference {
        print!("{}", configuration::reference());
        return Ok(());
    }
    let effective = configured(&arguments.configured.sources())?;
    match &arguments.key {
        Some(key) => print!("{}", effective.explain(key)?),
        None => print!("{}", effective.to_text()),
    }
    Ok(())
}

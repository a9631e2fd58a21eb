//! What a command says to whoever typed it.

use std::fmt;
use std::io::{self, Write};

use crate::commands::Failure;

/// Whether somebody still reads what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// As far as one can tell.
    Listens,
    /// Standard output was closed at its other end, as by `head`: whoever reads has seen enough.
    Left,
}

/// Writes to standard output. That nobody reads it any more is no failure of the command.
pub(crate) fn say(text: fmt::Arguments<'_>) -> Result<Audience, Failure> {
    let mut out = io::stdout().lock();
    match out.write_fmt(text).and_then(|()| out.flush()) {
        Ok(()) => Ok(Audience::Listens),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Audience::Left),
        Err(error) => Err(Failure(format!("cannot write to standard output: {error}"))),
    }
}

/// Writes a line to standard error, for what does not end the command. Where that is closed there is nobody to tell.
pub(crate) fn remark(text: fmt::Arguments<'_>) {
    io::stderr().lock().write_fmt(format_args!("{text}\n")).unwrap_or_default();
}

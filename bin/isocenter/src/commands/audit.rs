//! `isocenter audit verify`: whether the audit trail is what was written.

use audit::DIRECTORY;
use audit::chain::Link;

use crate::cli::{AuditCommand, AuditVerify};
use crate::commands::say::say;
use crate::commands::{Failure, configured};

/// Does what is asked about the trail.
pub(crate) fn run(command: &AuditCommand) -> Result<(), Failure> {
    match command {
        AuditCommand::Verify(arguments) => verify(arguments),
    }
}

/// Says each finding, then counts. Findings are a failure of the command.
fn verify(arguments: &AuditVerify) -> Result<(), Failure> {
    let configuration = configured(&arguments.located.sources())?.configuration;
    let directory = configuration.data.join(DIRECTORY);
    if !directory.is_dir() {
        return Err(Failure(format!("there is no audit trail in {}", directory.display())));
    }
    let noted = match &arguments.noted {
        None => None,
        Some(text) => Some(
            Link::parse(&text.replacen(':', " ", 1))
                .ok_or_else(|| Failure(format!("{text:?} is no NUMBER:HASH as this command prints it")))?,
        ),
    };
    let verified = audit::verify(&directory, noted)?;
    for finding in &verified.findings {
        say(format_args!("{finding}\n"))?;
    }
    let last = verified.last.to_text().replacen(' ', ":", 1);
    say(format_args!("{} records in {} files, the last is {last}\n", verified.records, verified.files))?;
    match verified.findings.len() {
        0 => Ok(()),
        count => Err(Failure(format!("the audit trail is not as it was written: {count} findings"))),
    }
}

//! The sandbox, as the configuration has it.

use configuration::{Configuration, Isolation, Sandbox};
use sandbox::{Lacking, Role, SandboxError};

use crate::commands::Failure;

/// Whether associations have a sandbox.
pub(crate) fn is_wanted(configuration: &Configuration) -> bool {
    configuration.isolation == Isolation::Process && configuration.sandbox != Sandbox::Off
}

/// Before anything is started: gives up what no process of ours needs, and says what the kernel lacks.
///
/// # Errors
/// When the sandbox is required and cannot be had.
pub(crate) fn prepare(configuration: &Configuration) -> Result<(), Failure> {
    sandbox::renounce()?;
    if configuration.sandbox == Sandbox::Required && configuration.isolation == Isolation::Thread {
        return Err(Failure(
            "sandbox = \"required\" cannot be had with isolation = \"thread\": threads share all they have"
                .to_owned(),
        ));
    }
    if !is_wanted(configuration) {
        return Ok(());
    }
    let lacking: Vec<String> = sandbox::lacking().iter().map(Lacking::to_string).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let lacking = format!("this kernel has {}", lacking.join("; and "));
    if configuration.sandbox == Sandbox::Required {
        return Err(Failure(format!("sandbox = \"required\" cannot be had: {lacking}")));
    }
    tracing::warn!("associations have less of a sandbox than they could have: {lacking}");
    Ok(())
}

/// Encloses this process, if that is wanted.
///
/// # Errors
/// When the sandbox is required and cannot be had.
pub(crate) fn enclose(role: Role, configuration: &Configuration) -> Result<(), Failure> {
    if !is_wanted(configuration) {
        return Ok(());
    }
    match sandbox::enclose(role, &configuration.data) {
        Err(error) if configuration.sandbox == Sandbox::Required => {
            Err(Failure(format!("sandbox = \"required\" cannot be had: {error}")))
        }
        // `prepare` has said so.
        Ok(()) | Err(SandboxError::Lacking(_)) => Ok(()),
        Err(error) => {
            tracing::warn!("a process goes on without all of its sandbox: {error}");
            Ok(())
        }
    }
}

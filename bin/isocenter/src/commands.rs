//! The commands: one file each.

pub(crate) mod association;
pub(crate) mod audit;
pub(crate) mod certificates;
pub(crate) mod connector;
pub(crate) mod correct;
pub(crate) mod echo;
pub(crate) mod find;
pub(crate) mod housekeeper;
pub(crate) mod import;
pub(crate) mod notifier;
mod paths;
pub(crate) mod reindex;
pub(crate) mod say;
pub(crate) mod send;
pub(crate) mod serve;
pub(crate) mod settings;
pub(crate) mod statement;
pub(crate) mod user;
pub(crate) mod verify;

use configuration::{Configuration, Effective, Sources, effective};

/// Why a command failed, in words for the one who typed it.
#[derive(Debug)]
pub(crate) struct Failure(pub String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// What holds; or every mistake at once, one a line.
fn configured(sources: &Sources) -> Result<Effective, Failure> {
    effective(sources).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure(format!("the configuration is refused:\n  {}", lines.join("\n  ")))
    })
}

/// For children: the configuration as the supervisor sealed it.
fn sealed(settings: &[u8]) -> Result<Configuration, Failure> {
    Ok(Configuration::from_sealed(settings)?)
}

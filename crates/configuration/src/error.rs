use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::source::Source;

/// A mistake in what Isocenter was told. The fault is always the operator's: the text says what to change.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The file cannot be read.
    #[error("{}: cannot read the configuration: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is larger than any configuration.
    #[error("{}: a configuration has at most {bytes_max} bytes", file.display())]
    TooLong {
        /// The file.
        file: PathBuf,
        /// The bound.
        bytes_max: u64,
    },
    /// The file is not TOML.
    #[error("{place}: this is not TOML: {problem}")]
    NotToml {
        /// Where.
        place: Source,
        /// What the parser says.
        problem: String,
    },
    /// There is no such setting.
    #[error("{place}: there is no setting \"{key}\"{}", Suggested(suggestion.as_deref()))]
    UnknownKey {
        /// Where.
        place: Source,
        /// What was typed.
        key: String,
        /// The nearest key that exists.
        suggestion: Option<String>,
    },
    /// A value is not allowed.
    #[error("{place}: {key} = {given} is not allowed: allowed is {allowed}")]
    WrongValue {
        /// Where.
        place: Source,
        /// The setting.
        key: String,
        /// What was typed, cut when it is long.
        given: String,
        /// What would be.
        allowed: String,
    },
    /// `--set` without an equals sign.
    #[error("{place}: \"{given}\" is not key=value, such as --set storage-scp.associations=20")]
    NotAnAssignment {
        /// Where.
        place: Source,
        /// What was typed, cut when it is long.
        given: String,
    },
    /// A table of a repeated section lacks what it needs.
    #[error("{place}: this [[{section}]] has no {key}: it needs {allowed}")]
    Incomplete {
        /// Where the table begins.
        place: Source,
        /// The section.
        section: &'static str,
        /// What it lacks.
        key: &'static str,
        /// What that looks like.
        allowed: String,
    },
    /// Two values do not go together.
    #[error("{place}: {problem}")]
    Contradiction {
        /// Where the later of them was said.
        place: Source,
        /// The settings in question.
        keys: Vec<&'static str>,
        /// What is wrong with them and what would do.
        problem: String,
    },
    /// What a supervisor sealed cannot be read: the two are not of the same version.
    #[error("the sealed settings cannot be read: {problem}; supervisor and child must be the same program")]
    NotSealed {
        /// What is wrong.
        problem: String,
    },
    /// The table of settings contradicts the structs: a bug.
    #[error("bug in Isocenter: the setting {key} is not of the kind that its place wants; please report it")]
    Unreachable {
        /// The setting.
        key: String,
    },
}

impl ConfigurationError {
    /// The settings that it is about.
    pub fn keys(&self) -> Vec<&str> {
        match self {
            Self::Contradiction { keys, .. } => keys.clone(),
            Self::UnknownKey { key, .. } | Self::WrongValue { key, .. } | Self::Unreachable { key } => {
                vec![key]
            }
            Self::Incomplete { key, .. } => vec![key],
            Self::Unreadable { .. }
            | Self::TooLong { .. }
            | Self::NotToml { .. }
            | Self::NotAnAssignment { .. }
            | Self::NotSealed { .. } => Vec::new(),
        }
    }
}

impl ConfigurationError {
    /// Where the mistake is, in the order in which an operator would look: the file from its top, then the rest.
    pub(crate) fn order(&self) -> (u8, usize, usize) {
        match self {
            Self::NotToml { place, .. }
            | Self::UnknownKey { place, .. }
            | Self::WrongValue { place, .. }
            | Self::NotAnAssignment { place, .. }
            | Self::Incomplete { place, .. }
            | Self::Contradiction { place, .. } => match place {
                Source::File { line, column, .. } => (1, *line, *column),
                Source::Environment(_) => (2, 0, 0),
                Source::CommandLine(_) => (3, 0, 0),
                Source::Default(_) => (4, 0, 0),
            },
            Self::Unreadable { .. } | Self::TooLong { .. } | Self::NotSealed { .. } => (0, 0, 0),
            Self::Unreachable { .. } => (5, 0, 0),
        }
    }
}

struct Suggested<'a>(Option<&'a str>);

impl fmt::Display for Suggested<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(key) => write!(f, "; did you mean \"{key}\"?"),
            None => f.write_str("; \"isocenter settings\" lists them all"),
        }
    }
}

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::words::Preset;

/// Where a value was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nowhere: it is the default of the preset.
    Default(Preset),
    /// In the file.
    File {
        /// Which.
        file: Arc<Path>,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
    },
    /// In an environment variable of this name.
    Environment(String),
    /// By this flag of the command line.
    CommandLine(&'static str),
}

impl Source {
    /// Whether somebody said it.
    pub fn is_said(&self) -> bool {
        !matches!(self, Self::Default(_))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default(preset) => write!(f, "preset {preset}"),
            Self::File { file, line, column } => write!(f, "{}:{line}:{column}", file.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::CommandLine(flag) => write!(f, "command line, {flag}"),
        }
    }
}

/// Everything that may say something: read by [`effective`](crate::effective), at start and again at each reload.
///
/// What stands later in this list wins: the preset, the file, the environment, the command line.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    pub(crate) file: Option<PathBuf>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) command_line: Vec<Assignment>,
}

/// Something said on the command line.
#[derive(Debug, Clone)]
pub(crate) enum Assignment {
    /// `--set key=value`, as typed.
    Set(String),
    /// A flag of its own for one setting.
    Flag { flag: &'static str, key: &'static str, value: String },
}

impl Sources {
    /// The file to read. Without it there is none: no file is looked for.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// The environment, usually [`std::env::vars_os`]; names without our prefix are passed over. What is not
    /// Unicode is taken with replacement characters, which no setting allows.
    #[must_use]
    pub fn environment<N, V>(mut self, variables: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: AsRef<std::ffi::OsStr>,
        V: AsRef<std::ffi::OsStr>,
    {
        let text = |os: &std::ffi::OsStr| os.to_string_lossy().into_owned();
        let variables =
            variables.into_iter().map(|(name, value)| (text(name.as_ref()), text(value.as_ref())));
        self.environment
            .extend(variables.filter(|(name, _)| name.starts_with(crate::setting::ENVIRONMENT_PREFIX)));
        self
    }

    /// One `--set key=value`, as typed. The last one for a key wins.
    #[must_use]
    pub fn set(mut self, assignment: impl Into<String>) -> Self {
        self.command_line.push(Assignment::Set(assignment.into()));
        self
    }

    /// A flag that is short for one setting: `--data DIR` is `flag("--data", "data", DIR)`.
    #[must_use]
    pub fn flag(mut self, flag: &'static str, key: &'static str, value: impl Into<String>) -> Self {
        self.command_line.push(Assignment::Flag { flag, key, value: value.into() });
        self
    }
}

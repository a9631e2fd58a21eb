//! `--set key=value`, and the flags that are short for one setting.

use super::{Everything, keys, shown};
use crate::error::ConfigurationError;
use crate::settings;
use crate::source::{Assignment, Source};

impl Everything {
    pub(super) fn command_line(&mut self, assignments: &[Assignment]) {
        for assignment in assignments {
            match assignment {
                Assignment::Flag { flag, key, value } => self.assign(key, value, Source::CommandLine(flag)),
                Assignment::Set(typed) => match typed.split_once('=') {
                    Some((key, value)) => self.assign(key.trim(), value, Source::CommandLine("--set")),
                    None => self.errors.push(ConfigurationError::NotAnAssignment {
                        place: Source::CommandLine("--set"),
                        given: shown(typed),
                    }),
                },
            }
        }
    }

    fn assign(&mut self, key: &str, value: &str, source: Source) {
        match settings::find(key) {
            Some(setting) => self.text(setting, value, source),
            None => self.unknown(key, keys(), source),
        }
    }
}

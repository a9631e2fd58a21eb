//! What is known of one setting. Everything else about it is derived from its record.

use crate::kind::Kind;
use crate::value::Value;
use crate::words::Preset;

/// The prefix of the names of environment variables.
pub(crate) const ENVIRONMENT_PREFIX: &str = "ISOCENTER_";

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its name: `section.key`, or `key` alone at the top of the file.
    pub key: &'static str,
    /// What a value of it looks like.
    pub kind: Kind,
    /// Its value under preset `standard`, written as on the command line. One in a `[[peer]]` that is none: must be given.
    pub standard: &'static str,
    /// Its value under preset `annex-f`.
    pub annex_f: &'static str,
    /// When a change to it holds.
    pub takes_effect: TakesEffect,
    /// What the conformance statement calls it.
    pub caption: &'static str,
    /// What it is, in one sentence.
    pub short: &'static str,
    /// What else one should know; may be empty.
    pub long: &'static str,
    /// The requirements that it serves.
    pub requirements: &'static [&'static str],
}

/// When a change to a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakesEffect {
    /// After the next start only.
    AtStart,
    /// From a reload on (SIGHUP); associations that run go on as they began.
    OnReload,
    /// The key is accepted, so that one file serves this version and a later one, but nothing heeds it yet. Setting
    /// it makes a notice at start.
    NotYet,
}

impl TakesEffect {
    /// The clause that the printed reference holds.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AtStart => "at start",
            Self::OnReload => "on reload",
            Self::NotYet => "not in this version",
        }
    }
}

impl Setting {
    /// The section of the file that holds it; `None` at the top.
    pub fn section(&self) -> Option<&'static str> {
        self.key.split_once('.').map(|(section, _)| section)
    }

    /// The key within its section.
    pub fn name(&self) -> &'static str {
        self.key.split_once('.').map_or(self.key, |(_, name)| name)
    }

    /// The environment variable: `ISOCENTER_` and the key in capitals, each dot as two underscores, each hyphen as
    /// one.
    pub fn environment_name(&self) -> String {
        let key = self.key.replace('.', "__").replace('-', "_").to_ascii_uppercase();
        format!("{ENVIRONMENT_PREFIX}{key}")
    }

    /// Its default under a preset, as text.
    pub const fn default_text(&self, preset: Preset) -> &'static str {
        match preset {
            Preset::Standard => self.standard,
            Preset::AnnexF => self.annex_f,
        }
    }

    /// Its default under a preset.
    pub(crate) fn default_value(&self, preset: Preset) -> Option<Value> {
        self.kind.read(self.default_text(preset))
    }
}

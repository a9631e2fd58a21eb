//! What was said, source by source, each value checked on its own.

mod command_line;
mod environment;
mod file;

use crate::error::ConfigurationError;
use crate::kind::{Kind, SHOWN_CHARACTERS_MAX};
use crate::setting::Setting;
use crate::settings;
use crate::source::{Source, Sources};
use crate::value::Value;

/// One value that somebody gave.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) setting: &'static Setting,
    pub(crate) value: Value,
    pub(crate) source: Source,
}

/// One table of a repeated section as it was given: a `[[peer]]`, say.
#[derive(Debug, Clone)]
pub(crate) struct SaidTable {
    pub(crate) section: &'static str,
    pub(crate) values: Vec<Said>,
    pub(crate) place: Source,
}

/// All that was said: what comes later wins.
#[derive(Debug, Default)]
pub(crate) struct Everything {
    pub(crate) said: Vec<Said>,
    pub(crate) tables: Vec<SaidTable>,
    pub(crate) errors: Vec<ConfigurationError>,
}

impl Everything {
    /// Reads every source.
    pub(crate) fn read(sources: &Sources) -> Self {
        let mut everything = Self::default();
        if let Some(path) = &sources.file {
            match file::text(path) {
                Ok(text) => everything.file(path, &text),
                Err(error) => everything.errors.push(error),
            }
        }
        everything.environment(&sources.environment);
        everything.command_line(&sources.command_line);
        everything
    }

    /// Takes one value that was given as text.
    fn text(&mut self, setting: &'static Setting, text: &str, source: Source) {
        match setting.kind.read(text) {
            Some(value) => self.said.push(Said { setting, value, source }),
            None => self.errors.push(wrong_value(setting, &format!("{text:?}"), source)),
        }
    }

    /// Notes a key that does not exist.
    fn unknown(&mut self, key: &str, known: impl Iterator<Item = String>, place: Source) {
        let suggestion = nearest(key, known);
        self.errors.push(ConfigurationError::UnknownKey { place, key: shown(key), suggestion });
    }
}

fn wrong_value(setting: &Setting, given: &str, place: Source) -> ConfigurationError {
    // Who is mistaken about a hash may have written the passcode itself.
    let is_secret = setting.kind == Kind::PasscodeHash;
    ConfigurationError::WrongValue {
        place,
        key: setting.key.to_owned(),
        given: if is_secret { "what stands there".to_owned() } else { shown(given) },
        allowed: setting.kind.allowed(),
    }
}

/// As much of a text as an error repeats.
fn shown(text: &str) -> String {
    let mut shown: String =
        text.chars().take(SHOWN_CHARACTERS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(SHOWN_CHARACTERS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

/// The known name that a typed one most likely meant: one with a slip or two in it, or else the right key in the wrong
/// section, or else one that shares most of its letters.
pub(crate) fn nearest(typed: &str, known: impl Iterator<Item = String>) -> Option<String> {
    const TYPED_BYTES_MAX: usize = 100;
    const SLIPS: usize = 2;
    if typed.len() > TYPED_BYTES_MAX {
        return None;
    }
    let even = |text: &str| text.to_lowercase().replace('_', "-");
    let last = |text: &str| text.rsplit('.').next().map(str::to_owned);
    let wanted = even(typed);
    let distance = |name: &String| strsim::damerau_levenshtein(&wanted, &even(name));
    let mut known: Vec<(usize, String)> = known.map(|name| (distance(&name), name)).collect();
    known.sort();
    let nearest = known.first().cloned()?;
    let close = nearest.0 * 3 <= wanted.len();
    if nearest.0 <= SLIPS && close {
        return Some(nearest.1);
    }
    let elsewhere = known.into_iter().map(|(_, name)| name).find(|name| last(name) == last(&wanted));
    elsewhere.or_else(|| close.then_some(nearest.1))
}

/// All keys, for suggestions.
fn keys() -> impl Iterator<Item = String> {
    settings::settings().map(|setting| setting.key.to_owned())
}

/// All names of sections, for suggestions.
fn sections() -> impl Iterator<Item = String> {
    settings::SECTIONS.iter().map(|section| section.name.to_owned()).filter(|name| !name.is_empty())
}

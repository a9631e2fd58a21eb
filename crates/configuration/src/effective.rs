//! What holds in the end, and where each value came from.

use crate::assemble;
use crate::changes::{self, Change};
use crate::configuration::Configuration;
use crate::consistency;
use crate::error::ConfigurationError;
use crate::said::Everything;
use crate::setting::{Setting, TakesEffect};
use crate::settings;
use crate::source::{Source, Sources};
use crate::value::Value;
use crate::words::{Preset, Words};

/// One setting with the value that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Which.
    pub setting: &'static Setting,
    /// What holds.
    pub value: Value,
    /// Who said so.
    pub source: Source,
}

/// What holds: as structs for those who use it, and setting by setting for those who explain it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// The values, each in its place.
    pub configuration: Configuration,
    /// The values, in the order of [`settings`](crate::settings()).
    pub holdings: Vec<Holding>,
}

/// Reads every source and says what holds.
///
/// # Errors
/// Every mistake there is, not only the first.
pub fn effective(sources: &Sources) -> Result<Effective, Vec<ConfigurationError>> {
    let Everything { said, tables, mut errors } = Everything::read(sources);
    let preset = said
        .iter()
        .rev()
        .find_map(|said| match said.value {
            Value::Word(word) if said.setting.key == "preset" => Preset::from_word(word),
            _ => None,
        })
        .unwrap_or(Preset::Standard);
    let mut holdings = Vec::new();
    for setting in settings::settings() {
        let last = said.iter().rev().find(|said| said.setting.key == setting.key);
        let held = match last {
            Some(said) => Some((said.value.clone(), said.source.clone())),
            None => setting.default_value(preset).map(|value| (value, Source::Default(preset))),
        };
        match held {
            Some((value, source)) => holdings.push(Holding { setting, value, source }),
            None => errors.push(ConfigurationError::Unreachable { key: setting.key.to_owned() }),
        }
    }
    let tables = assemble::tables(&tables, preset, &mut errors);
    let configuration = match assemble::configuration(&holdings, tables) {
        Ok(configuration) => configuration,
        Err(error) => {
            errors.push(error);
            return Err(errors);
        }
    };
    let wrong: Vec<String> = errors.iter().flat_map(ConfigurationError::keys).map(str::to_owned).collect();
    // A rule about a value that could not be read would complain about its default, which nobody chose.
    let contradictions = consistency::check(&configuration, &holdings);
    errors.extend(
        contradictions
            .into_iter()
            .filter(|error| !error.keys().iter().any(|key| wrong.iter().any(|w| w == key))),
    );
    errors.sort_by_key(ConfigurationError::order);
    if errors.is_empty() { Ok(Effective { configuration, holdings }) } else { Err(errors) }
}

impl Effective {
    /// The holding of a key.
    pub fn holding(&self, key: &str) -> Option<&Holding> {
        self.holdings.iter().find(|holding| holding.setting.key == key)
    }

    /// What an operator should know at start: settings that were given and have no effect in this version.
    pub fn notices(&self) -> Vec<String> {
        let idle = |holding: &&Holding| {
            holding.setting.takes_effect == TakesEffect::NotYet && holding.source.is_said()
        };
        let notice = |holding: &Holding| {
            let Holding { setting, value, source } = holding;
            format!("{} = {} ({source}) has no effect. {}", setting.key, value.to_toml(), setting.long)
        };
        self.holdings.iter().filter(idle).map(notice).collect()
    }

    /// What a reload makes of this: settings that take effect at start only keep their running values, all others
    /// take the newer ones. Also every change that was asked for.
    ///
    /// # Errors
    /// Only by a bug in the table of settings.
    pub fn reload(&self, newer: Self) -> Result<(Self, Vec<Change>), ConfigurationError> {
        let changes = changes::between(self, &newer);
        let keep = |holding: Holding| match self.holding(holding.setting.key) {
            Some(running) if holding.setting.takes_effect == TakesEffect::AtStart => running.clone(),
            _ => holding,
        };
        let holdings: Vec<Holding> = newer.holdings.into_iter().map(keep).collect();
        let configuration = assemble::configuration(&holdings, newer.configuration.tables)?;
        Ok((Self { configuration, holdings }, changes))
    }
}

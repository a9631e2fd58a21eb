//! Typed reading of the settings of one section.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::effective::Holding;
use crate::error::ConfigurationError;
use crate::value::Value;
use crate::words::Words;
use crate::{AddressRange, AeTitle, Uid};

/// The settings of one section. A key that does not exist, or is of another kind, is a bug of ours: the tests read
/// every setting this way.
pub(super) struct Reader<'a> {
    section: &'static str,
    holdings: &'a [Holding],
}

impl<'a> Reader<'a> {
    /// `section` with the dot behind it.
    pub(super) const fn new(section: &'static str, holdings: &'a [Holding]) -> Self {
        Self { section, holdings }
    }

    fn read<T>(&self, name: &str, take: impl FnOnce(&Value) -> Option<T>) -> Result<T, ConfigurationError> {
        let is_it = |holding: &&Holding| holding.setting.key.strip_prefix(self.section) == Some(name);
        self.holdings
            .iter()
            .find(is_it)
            .and_then(|holding| take(&holding.value))
            .ok_or_else(|| ConfigurationError::Unreachable { key: format!("{}{name}", self.section) })
    }

    fn list<T>(&self, name: &str, take: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>, ConfigurationError> {
        self.read(name, |value| match value {
            Value::List(items) => items.iter().map(take).collect(),
            _ => None,
        })
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, ConfigurationError> {
        self.read(name, |value| match value {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        })
    }

    /// A count, or a number of bytes.
    pub(super) fn number(&self, name: &str) -> Result<u32, ConfigurationError> {
        self.read(name, |value| match value {
            Value::Count(number) | Value::Bytes(number) => u32::try_from(*number).ok(),
            _ => None,
        })
    }

    pub(super) fn port(&self, name: &str) -> Result<u16, ConfigurationError> {
        self.read(name, |value| match value {
            Value::Count(number) => u16::try_from(*number).ok(),
            _ => None,
        })
    }

    pub(super) fn duration(&self, name: &str) -> Result<Duration, ConfigurationError> {
        self.read(name, |value| match value {
            Value::Duration(duration) => Some(*duration),
            _ => None,
        })
    }

    pub(super) fn text(&self, name: &str) -> Result<String, ConfigurationError> {
        self.read(name, |value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        })
    }

    pub(super) fn text_or_off(&self, name: &str) -> Result<Option<String>, ConfigurationError> {
        self.read(name, |value| match value {
            Value::Text(text) => Some(Some(text.clone())),
            Value::Off => Some(None),
            _ => None,
        })
    }

    pub(super) fn path(&self, name: &str) -> Result<PathBuf, ConfigurationError> {
        self.read(name, |value| match value {
            Value::Path(path) => Some(path.clone()),
            _ => None,
        })
    }

    pub(super) fn path_or_off(&self, name: &str) -> Result<Option<PathBuf>, ConfigurationError> {
        self.read(name, |value| match value {
            Value::Path(path) => Some(Some(path.clone())),
            Value::Off => Some(None),
            _ => None,
        })
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, ConfigurationError> {
        self.list(name, |value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        })
    }

    pub(super) fn ae_title(&self, name: &str) -> Result<AeTitle, ConfigurationError> {
        self.read(name, ae_title)
    }

    pub(super) fn ae_titles(&self, name: &str) -> Result<Vec<AeTitle>, ConfigurationError> {
        self.list(name, ae_title)
    }

    pub(super) fn uids(&self, name: &str) -> Result<Vec<Uid>, ConfigurationError> {
        self.list(name, |value| match value {
            Value::Uid(uid) => Some(uid.clone()),
            _ => None,
        })
    }

    pub(super) fn address(&self, name: &str) -> Result<SocketAddr, ConfigurationError> {
        self.read(name, |value| match value {
            Value::Address(address) => Some(*address),
            _ => None,
        })
    }

    pub(super) fn address_or_off(&self, name: &str) -> Result<Option<SocketAddr>, ConfigurationError> {
        self.read(name, |value| match value {
            Value::Address(address) => Some(Some(*address)),
            Value::Off => Some(None),
            _ => None,
        })
    }

    pub(super) fn address_ranges(&self, name: &str) -> Result<Vec<AddressRange>, ConfigurationError> {
        self.list(name, |value| match value {
            Value::AddressRange(range) => Some(*range),
            _ => None,
        })
    }

    pub(super) fn word<W: Words>(&self, name: &str) -> Result<W, ConfigurationError> {
        self.read(name, word)
    }

    pub(super) fn words<W: Words>(&self, name: &str) -> Result<Vec<W>, ConfigurationError> {
        self.list(name, word)
    }
}

fn ae_title(value: &Value) -> Option<AeTitle> {
    match value {
        Value::AeTitle(title) => Some(title.clone()),
        _ => None,
    }
}

fn word<W: Words>(value: &Value) -> Option<W> {
    match value {
        Value::Word(word) => W::from_word(word),
        _ => None,
    }
}

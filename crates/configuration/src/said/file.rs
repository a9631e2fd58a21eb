//! The TOML file. Each value keeps its line and column, so that a mistake can be pointed at.

use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Everything, Said, SaidTable, keys, sections, shown, wrong_value};
use crate::error::ConfigurationError;
use crate::kind::Kind;
use crate::setting::Setting;
use crate::settings::{self, SECTIONS, Section};
use crate::source::Source;
use crate::value::Value;
use crate::words::Preset;

/// The longest file that is read, in bytes: some 100,000 peers.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The text of the file.
pub(super) fn text(path: &Path) -> Result<String, ConfigurationError> {
    let unreadable = |source: io::Error| {
        let source = match source.kind() {
            io::ErrorKind::InvalidData => io::Error::other("this is no text (UTF-8), so no TOML file"),
            _ => source,
        };
        ConfigurationError::Unreadable { file: path.to_owned(), source }
    };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let read = file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if u64::try_from(read).is_ok_and(|read| read <= FILE_BYTES_MAX) {
        Ok(text)
    } else {
        Err(ConfigurationError::TooLong { file: path.to_owned(), bytes_max: FILE_BYTES_MAX })
    }
}

/// Finds lines and columns in a text.
struct Places<'a> {
    file: Arc<Path>,
    text: &'a str,
    /// Where each line begins, in bytes.
    lines: Vec<usize>,
}

impl<'a> Places<'a> {
    fn new(file: &Path, text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { file: file.into(), text, lines: std::iter::once(0).chain(breaks).collect() }
    }

    fn of(&self, offset: usize) -> Source {
        let line = self.lines.partition_point(|begin| *begin <= offset).max(1);
        let begin = self.lines.get(line - 1).copied().unwrap_or_default();
        let column = self.text.get(begin..offset).map_or(1, |before| before.chars().count() + 1);
        Source::File { file: Arc::clone(&self.file), line, column }
    }

    /// The line that holds this byte.
    fn line(&self, offset: usize) -> &'a str {
        let line = self.lines.partition_point(|begin| *begin <= offset).max(1);
        let begin = self.lines.get(line - 1).copied().unwrap_or_default();
        self.text.get(begin..).and_then(|rest| rest.lines().next()).unwrap_or_default().trim()
    }

    /// What was typed there.
    fn typed(&self, span: Range<usize>) -> &'a str {
        self.text.get(span).unwrap_or_default()
    }
}

impl Everything {
    /// Takes what a file says.
    pub(super) fn file(&mut self, path: &Path, text: &str) {
        let places = Places::new(path, text);
        let (top, problems) = DeTable::parse_recoverable(text);
        for problem in &problems {
            self.errors.push(ConfigurationError::NotToml {
                place: places.of(problem.span().map_or(0, |span| span.start)),
                problem: format!(
                    "{}, in {:?}",
                    problem.message().replace('\n', ", "),
                    shown(places.line(problem.span().map_or(0, |span| span.start)))
                ),
            });
        }
        if !problems.is_empty() {
            // What was recovered may stand in another section than was meant: it would be refused for nothing.
            return;
        }
        for (key, value) in top.get_ref() {
            let section =
                SECTIONS.iter().find(|section| !section.name.is_empty() && section.name == key.get_ref());
            match (section, value.get_ref()) {
                (Some(section), DeValue::Array(tables)) if section.repeated => {
                    for table in tables.iter() {
                        self.repeated(section, table, &places);
                    }
                }
                (Some(section), DeValue::Table(table)) if !section.repeated => {
                    self.table(section.name, table, &places);
                }
                (Some(section), _) => self.not_a_table(section, value, &places),
                (None, DeValue::Table(table)) if settings::find(key.get_ref()).is_none() => {
                    self.unknown_section(key, table, &places);
                }
                (None, _) => self.keyed(key.get_ref(), key.span().start, value, &places),
            }
        }
    }

    /// Takes the keys of a section.
    fn table(&mut self, section: &str, table: &DeTable<'_>, places: &Places<'_>) {
        for (key, value) in table {
            let full = format!("{section}.{}", key.get_ref());
            self.keyed(&full, key.span().start, value, places);
        }
    }

    /// Takes one value under its full key.
    fn keyed(&mut self, key: &str, at: usize, value: &Spanned<DeValue<'_>>, places: &Places<'_>) {
        match settings::find(key) {
            Some(setting) => match given(setting, value, places) {
                Ok(said) => self.said.push(said),
                Err(error) => self.errors.push(error),
            },
            None => self.unknown(key, keys().chain(sections()), places.of(at)),
        }
    }

    fn unknown_section(
        &mut self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        table: &DeTable<'_>,
        places: &Places<'_>,
    ) {
        let place = places.of(key.span().start);
        match super::nearest(key.get_ref(), sections()) {
            Some(section) => self.errors.push(ConfigurationError::UnknownKey {
                place,
                key: shown(key.get_ref()),
                suggestion: Some(section),
            }),
            None => match table.iter().next() {
                Some((first, _)) => {
                    self.unknown(
                        &format!("{}.{}", key.get_ref(), first.get_ref()),
                        keys(),
                        places.of(first.span().start),
                    );
                }
                None => self.unknown(key.get_ref(), keys(), place),
            },
        }
    }

    fn not_a_table(&mut self, section: &Section, value: &Spanned<DeValue<'_>>, places: &Places<'_>) {
        let allowed = match section.repeated {
            true => format!("one table [[{}]] for each", section.name),
            false => format!("one table [{}]", section.name),
        };
        self.errors.push(ConfigurationError::WrongValue {
            place: places.of(value.span().start),
            key: section.name.to_owned(),
            given: shown(places.typed(value.span())),
            allowed,
        });
    }

    /// Takes one table of a repeated section.
    fn repeated(&mut self, section: &'static Section, table: &Spanned<DeValue<'_>>, places: &Places<'_>) {
        let DeValue::Table(entries) = table.get_ref() else {
            return self.not_a_table(section, table, places);
        };
        let place = places.of(table.span().start);
        let mut said = SaidTable { section: section.name, values: Vec::new(), place };
        for (key, value) in entries {
            let full = format!("{}.{}", section.name, key.get_ref());
            match section.settings().find(|setting| setting.key == full) {
                Some(setting) => match given(setting, value, places) {
                    Ok(value) => said.values.push(value),
                    Err(error) => self.errors.push(error),
                },
                None => {
                    let known = section.settings().map(|setting| setting.key.to_owned());
                    self.unknown(&full, known, places.of(key.span().start));
                }
            }
        }
        for setting in section.settings().filter(|setting| setting.default_value(Preset::Standard).is_none())
        {
            if !entries.iter().any(|(key, _)| key.get_ref() == setting.name()) {
                self.errors.push(ConfigurationError::Incomplete {
                    place: said.place.clone(),
                    section: section.name,
                    key: setting.name(),
                    allowed: setting.kind.allowed(),
                });
            }
        }
        self.tables.push(said);
    }
}

/// The value that stands in the file for a setting.
fn given(
    setting: &'static Setting,
    value: &Spanned<DeValue<'_>>,
    places: &Places<'_>,
) -> Result<Said, ConfigurationError> {
    let source = places.of(value.span().start);
    match read(&setting.kind, value.get_ref()) {
        Some(value) => Ok(Said { setting, value, source }),
        None => Err(wrong_value(setting, places.typed(value.span()), source)),
    }
}

/// Reads a value of the file: numbers and flags bare, lists as arrays, everything else between quotes.
fn read(kind: &Kind, value: &DeValue<'_>) -> Option<Value> {
    match (kind, value) {
        (Kind::Flag, DeValue::Boolean(flag)) => Some(Value::Flag(*flag)),
        (Kind::Count { .. } | Kind::Bytes { .. }, DeValue::Integer(number)) => {
            let number = u64::from_str_radix(number.as_str(), number.radix()).ok()?;
            kind.read(&number.to_string())
        }
        (Kind::DecimalOrOff, DeValue::Integer(number)) => kind.read(number.as_str()),
        (Kind::DecimalOrOff, DeValue::Float(number)) => kind.read(number.as_str()),
        (Kind::List(kind), DeValue::Array(items)) => {
            items.iter().map(|item| read(kind, item.get_ref())).collect::<Option<_>>().map(Value::List)
        }
        (Kind::Flag | Kind::Count { .. } | Kind::List(_), _) => None,
        (_, DeValue::String(text)) => kind.read(text),
        _ => None,
    }
}

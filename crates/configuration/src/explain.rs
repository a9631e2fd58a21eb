//! What `isocenter settings` prints: what holds, and one setting explained.

use std::fmt::Write;

use crate::configuration::Tables;
use crate::effective::{Effective, Holding};
use crate::error::ConfigurationError;
use crate::kind::Kind;
use crate::said::nearest;
use crate::setting::TakesEffect;
use crate::settings::{SECTIONS, Section, repeated_settings, settings};
use crate::source::Source;
use crate::words::{Preset, Word};

impl Effective {
    /// Every setting with its value, where the value is from, and what it is, as a file that says the same.
    pub fn to_text(&self) -> String {
        let text: String = SECTIONS.iter().map(|section| self.section(section)).collect();
        text.trim_start().to_owned()
    }

    /// The part of [`Self::to_text`] that is one section.
    fn section(&self, section: &Section) -> String {
        let mut text = String::new();
        match (section.name, section.repeated) {
            ("", _) => {}
            (name, false) => append(&mut text, format_args!("\n# {}\n[{name}]\n", section.about)),
            (name, true) => append(&mut text, format_args!("\n# [[{name}]]: {}\n", section.about)),
        }
        for setting in section.settings() {
            let idle =
                if setting.takes_effect == TakesEffect::NotYet { " No effect in this version." } else { "" };
            let (short, allowed) = (setting.short, setting.kind.allowed());
            append(&mut text, format_args!("\n# {short}{idle} Allowed: {allowed}.\n"));
            if let Some(held) = self.holding(setting.key) {
                let line = format!("{} = {}", setting.name(), held.value.to_toml());
                append(&mut text, format_args!("{line:40}  # {}\n", held.source));
            } else {
                append(&mut text, format_args!("# {}\n", setting.name()));
            }
        }
        if section.repeated {
            self.tables(section.name, &mut text);
        }
        text
    }

    /// Whom the tables of a repeated section are about; what is said of them stands in the file.
    fn tables(&self, section: &str, text: &mut String) {
        let quoted = |text: &str| toml::Value::String(text.to_owned());
        let Tables { peers, users, token_keys } = &self.configuration.tables;
        match section {
            "peer" => peers.iter().for_each(|peer| {
                let (title, host) = (quoted(peer.ae_title.as_str()), quoted(&peer.host));
                append(
                    text,
                    format_args!("\n[[peer]]\nae-title = {title}\nhost = {host}\nport = {}\n", peer.port),
                );
            }),
            // Not as a table: without the hash, which is nothing to show, it would be another user.
            "user" => users.iter().for_each(|user| {
                append(text, format_args!("\n# [[user]] {}\n", quoted(&user.name)));
            }),
            _ => token_keys.iter().for_each(|key| {
                let (algorithm, file) = (key.algorithm, quoted(&key.file.to_string_lossy()));
                let (issuer, audience) = (quoted(&key.issuer), quoted(&key.audience));
                append(
                    text,
                    format_args!(
                        "\n[[token-key]]\nalgorithm = \"{algorithm}\"\nfile = {file}\nissuer = {issuer}\naudience = {audience}\n"
                    ),
                );
            }),
        }
    }

    /// One setting explained: what it is, what holds and who said so, what is allowed, how it is set. The name of a
    /// section gives its settings.
    ///
    /// # Errors
    /// When there is no such setting.
    pub fn explain(&self, key: &str) -> Result<String, ConfigurationError> {
        if let Some(held) = self.holding(key) {
            return Ok(explained(held));
        }
        if let Some(setting) = repeated_settings().find(|setting| setting.key == key) {
            let default = match setting.default_value(Preset::Standard) {
                Some(value) => value.to_toml(),
                None => "must be given".to_owned(),
            };
            let section = setting.section().unwrap_or_default();
            let (short, allowed) = (setting.short, setting.kind.allowed());
            return Ok(format!(
                "{key}: {short}\n\ndefault   {default}\nallowed   {allowed}\nset it    in a [[{section}]] of the file\n"
            ));
        }
        if let Some(section) = SECTIONS.iter().find(|section| !section.name.is_empty() && section.name == key)
        {
            return Ok(self.section(section).trim_start().to_owned());
        }
        Err(ConfigurationError::UnknownKey {
            place: Source::CommandLine("settings"),
            key: key.to_owned(),
            suggestion: nearest(key, settings().map(|setting| setting.key.to_owned())),
        })
    }
}

fn explained(held: &Holding) -> String {
    let Holding { setting, value, source } = held;
    let mut text = format!("{}: {}\n", setting.key, setting.short);
    if !setting.long.is_empty() {
        append(&mut text, format_args!("{}\n", setting.long));
    }
    append(&mut text, format_args!("\nvalue     {} ({source})\n", value.to_toml()));
    append(&mut text, format_args!("allowed   {}\n", setting.kind.allowed()));
    for Word { word, meaning } in words(&setting.kind) {
        append(&mut text, format_args!("            {word}: {meaning}\n"));
    }
    for preset in [Preset::Standard, Preset::AnnexF] {
        if let Some(default) = setting.default_value(preset) {
            append(&mut text, format_args!("default   {} under preset {preset}\n", default.to_toml()));
        }
    }
    append(&mut text, format_args!("effect    {}\n", setting.takes_effect.as_str()));
    match setting.section() {
        Some(section) => append(
            &mut text,
            format_args!("in a file [{section}] {} = {}\n", setting.name(), value.to_toml()),
        ),
        None => append(&mut text, format_args!("in a file {} = {}\n", setting.name(), value.to_toml())),
    }
    append(&mut text, format_args!("as a flag --set '{}={value}'\n", setting.key));
    append(&mut text, format_args!("variable  {}\n", setting.environment_name()));
    text
}

/// The words that a kind allows, if it is one of words.
pub(crate) fn words(kind: &Kind) -> &'static [Word] {
    match kind {
        Kind::Word(words) | Kind::List(Kind::Word(words)) => words,
        _ => &[],
    }
}

/// Appends to a text, which cannot fail.
pub(crate) fn append(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).unwrap_or_default();
}

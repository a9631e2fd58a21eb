//! The page that documents every setting, printed from the table.

use crate::explain::{append, words};
use crate::setting::Setting;
use crate::settings::{SECTIONS, Section};
use crate::words::{Preset, Word};

/// `docs/reference/settings.md`.
pub fn reference() -> String {
    let mut page = String::from(INTRODUCTION);
    append(
        &mut page,
        format_args!(
            "\n## Where the presets differ\n\n| setting | `standard` | `annex-f` |\n|---|---|---|\n"
        ),
    );
    let differing =
        SECTIONS.iter().flat_map(Section::settings).filter(|setting| setting.standard != setting.annex_f);
    for setting in differing {
        let [standard, annex_f] = defaults(setting);
        append(&mut page, format_args!("| `{}` | {standard} | {annex_f} |\n", setting.key));
    }
    for section in SECTIONS {
        let title = match (section.name, section.repeated) {
            ("", _) => "Top of the file".to_owned(),
            (name, true) => format!("`[[{name}]]`"),
            (name, false) => format!("`[{name}]`"),
        };
        append(&mut page, format_args!("\n## {title}\n\n{}\n", section.about));
        for setting in section.settings() {
            entry(&mut page, section, setting);
        }
    }
    page
}

const INTRODUCTION: &str = "\
# Settings

Printed from the table that the program runs on; `isocenter settings` prints what holds on your machine and where each
value is from, `isocenter settings KEY` explains one.

Later wins: the defaults of the preset, the file (`--config isocenter.toml`), environment variables, the command line
(`--set key=value`; `--data` and `--preset` are short for two of them). Whoever starts Isocenter without any of these
gets the defaults below.

- **File**: TOML. A key with a dot stands in the section before the dot. Times and AE titles stand between quotes,
  numbers of bytes may (`\"128 KiB\"`), lists are arrays.
- **Environment**: `ISOCENTER_` and the key in capitals, each dot as two underscores, each hyphen as one:
  `storage-scp.associations` is `ISOCENTER_STORAGE_SCP__ASSOCIATIONS`.
- **`--set` and environment**: values without quotes; the items of a list with commas between them, none for an empty list.

A key that does not exist is refused, and so is a value that is not allowed. SIGHUP reads everything again: what takes
effect on reload holds from then on, though associations that run go on as they began; the log names each change, and
what takes a restart. If anything is wrong with the new settings, the old ones stay.
";

fn defaults(setting: &Setting) -> [String; 2] {
    [Preset::Standard, Preset::AnnexF].map(|preset| match setting.default_value(preset) {
        Some(value) => format!("`{}`", value.to_toml()),
        None => "must be given".to_owned(),
    })
}

fn entry(page: &mut String, section: &Section, setting: &Setting) {
    append(page, format_args!("\n### `{}`\n\n{}", setting.key, setting.short));
    if !setting.long.is_empty() {
        append(page, format_args!(" {}", setting.long));
    }
    append(page, format_args!("\n\n- Allowed: {}.\n", setting.kind.allowed().replace('"', "`")));
    for Word { word, meaning } in words(&setting.kind) {
        append(page, format_args!("  - `{word}`: {meaning}\n"));
    }
    let [standard, annex_f] = defaults(setting);
    if standard == annex_f {
        append(page, format_args!("- Default: {standard}\n"));
    } else {
        append(page, format_args!("- Default: {standard}; under `annex-f`: {annex_f}\n"));
    }
    append(page, format_args!("- Takes effect: {}\n", setting.takes_effect.as_str()));
    if !section.repeated {
        append(page, format_args!("- Environment: `{}`\n", setting.environment_name()));
    }
    if !setting.requirements.is_empty() {
        append(page, format_args!("- Requirements: {}\n", setting.requirements.join(", ")));
    }
}

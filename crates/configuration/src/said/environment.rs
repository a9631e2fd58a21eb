//! `ISOCENTER_…` variables.
//!
//! A name with two underscores after the prefix can only mean a section and a key of ours: when there is no such
//! setting it is refused. Other names with our prefix may belong to scripts or service managers, which make up names
//! such as `ISOCENTER_PORT` themselves: they are passed over unless they name a setting.

use super::Everything;
use crate::setting::ENVIRONMENT_PREFIX;
use crate::settings;
use crate::source::Source;

impl Everything {
    pub(super) fn environment(&mut self, variables: &[(String, String)]) {
        for (name, value) in variables {
            let source = Source::Environment(name.clone());
            if let Some(setting) = settings::settings().find(|setting| setting.environment_name() == *name) {
                self.text(setting, value, source);
            } else if name.strip_prefix(ENVIRONMENT_PREFIX).is_some_and(|rest| rest.contains("__")) {
                self.unknown(name, settings::settings().map(|setting| setting.environment_name()), source);
            }
        }
    }
}

//! What the holdings have corrected of an instance, or changed when it arrived, as it goes out (GEN-014).

use std::time::SystemTime;

use catalog::Held;
use conversion::{Corrections, Modification};
use vocabulary::Day;

/// What becomes of corrected values when instances are sent (CFG-047). Each field is a setting of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectionRules {
    /// Whether corrected values take the place of those that were received; if not, instances leave without them.
    pub exported: bool,
    /// Whether the Original Attributes Sequence says what there was before (SIL-077).
    pub original_attributes: bool,
    /// The value of Modifying System.
    pub system: String,
}

impl CorrectionRules {
    /// What is other of an instance than its file says, corrected or changed when it arrived; `None` where nothing is: it
    /// leaves as it is held.
    pub(crate) fn of(&self, held: &Held) -> Option<Corrections> {
        let overrides = held.overrides.as_ref().filter(|_| self.exported);
        if overrides.is_none() && held.changes.is_empty() {
            return None;
        }
        let mut values = overrides.map_or_else(Vec::new, |overrides| overrides.values().to_vec());
        for change in &held.changes {
            // What was corrected since has the last word.
            if values.iter().all(|(tag, _)| *tag != change.tag) {
                values.push((change.tag, change.exported.clone()));
            }
        }
        let (at, reason) = match overrides {
            Some(overrides) => (overrides.made_at(), "CORRECT"),
            None => (held.received_at, "COERCE"),
        };
        let record = self.original_attributes.then(|| Modification {
            at: date_time(at),
            system: self.system.clone(),
            source: held.source_ae_title.as_ref().map(|title| title.as_str().to_owned()).unwrap_or_default(),
            reason: reason.to_owned(),
        });
        Some(Corrections { values, record })
    }
}

/// As DT, in UTC.
fn date_time(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let day = i64::try_from(seconds / 86_400).ok().and_then(|days| Day::from_days_since_1970(days).ok());
    let of_day = seconds % 86_400;
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    let day = day.map_or(19_700_101, Day::as_number);
    format!("{day:08}{hour:02}{minute:02}{second:02}+0000")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn moments_are_written_in_utc() {
        let at = |seconds| date_time(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "19700101000000+0000");
        assert_eq!(at(1_795_450_704), "20261123161824+0000");
    }
}

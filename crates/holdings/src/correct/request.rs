//! The attributes that somebody names, and the values that he gives them.

use catalog::keys::{KEYS, Key};
use catalog::{Of, valid};
use vocabulary::Level;

use super::NotCorrected;

/// Letters that may be wrong in a keyword for another to be meant.
const SLIPS_MAX: usize = 4;

/// The attributes that are given, with valid values.
pub(super) fn values(
    of: &Of,
    typed: &[(String, String)],
) -> Result<Vec<(&'static Key, String)>, NotCorrected> {
    let mut values: Vec<(&'static Key, String)> = Vec::new();
    for (keyword, text) in typed {
        let key = key(of, keyword)?;
        let refused = |why: &str| Err(NotCorrected::Refused(format!("{keyword} cannot be corrected: {why}")));
        if values.iter().any(|(have, _)| have.tag == key.tag) {
            return refused("it is given twice");
        }
        match valid::value(key, text) {
            Ok(value) if value.is_empty() && matches!(key.keyword, "PatientID" | "Modality") => {
                return refused("it must have a value");
            }
            Ok(value) => values.push((key, value)),
            Err(why) => return refused(&why),
        }
    }
    match values.is_empty() {
        true => Err(NotCorrected::Refused(
            "nothing is to be corrected: say what, as in PatientName=Doe^Jane".to_owned(),
        )),
        false => in_place(of, values),
    }
}

/// Whether each attribute belongs to what is corrected.
fn in_place(
    of: &Of,
    values: Vec<(&'static Key, String)>,
) -> Result<Vec<(&'static Key, String)>, NotCorrected> {
    let gives_id = values.iter().any(|(key, _)| key.keyword == "PatientID");
    for (key, _) in &values {
        let fits = key.level == of.level()
            || (of.level() == Level::Study && key.level == Level::Patient && gives_id);
        if fits {
            continue;
        }
        let (keyword, own) = (key.keyword, key.level.as_str().to_lowercase());
        let hint = match (of.level(), key.level) {
            (Level::Study, Level::Patient) => {
                " (a study is given to another patient with its PatientID)".to_owned()
            }
            _ => String::new(),
        };
        return Err(NotCorrected::Refused(format!("{keyword} belongs to the {own}: correct that{hint}")));
    }
    Ok(values)
}

fn key(of: &Of, keyword: &str) -> Result<&'static Key, NotCorrected> {
    if let Some(key) = KEYS.iter().find(|key| key.keyword == keyword) {
        return match key.level == Level::Image {
            true => Err(NotCorrected::Refused(format!(
                "{keyword} belongs to single instances: patients, studies and series can be corrected"
            ))),
            false => Ok(key),
        };
    }
    let near = |key: &&Key| strsim::damerau_levenshtein(&keyword.to_lowercase(), &key.keyword.to_lowercase());
    let candidates = KEYS.iter().filter(|key| key.level <= of.level() && valid::can_be_given(key));
    let nearest = candidates.min_by_key(near).filter(|key| near(key) <= SLIPS_MAX.min(keyword.len() / 2));
    let meant = nearest.map(|key| format!("; did you mean {}?", key.keyword)).unwrap_or_default();
    let keyword: String = keyword.chars().take(64).collect();
    Err(NotCorrected::Refused(format!(
        "\"{}\" is no attribute that can be corrected{meant}",
        keyword.escape_debug()
    )))
}

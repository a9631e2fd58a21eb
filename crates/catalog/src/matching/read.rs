//! The value of a key in a request to what it asks.

use vocabulary::Vr;

use super::{Matching, NamePattern, Number, TextPattern, Wild};
use crate::keys::{self, Matched};
use crate::limits::WILD_BYTES_MAX;
use crate::normal;
use crate::rules::{Letters, SeveralValues};

/// The longest value without wild cards, in bytes, of keys that are no UIDs: as long as the catalog keeps values.
const VALUE_BYTES_MAX: usize = vocabulary::limits::CATALOGUED_VALUE_BYTES_MAX;

/// The ways in which a key may be matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ways {
    /// Those that are offered for the key.
    pub letters: Letters,
    /// Whether `*` and `?` are wild cards in the key whatever its VR (DIF-016).
    pub wild_card_in_any_vr: bool,
    /// What several values mean.
    pub several_values: SeveralValues,
}

/// Why a value of a request asks for nothing that can be matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// No date.
    #[error("is no date (YYYYMMDD), nor a range with a hyphen")]
    Date,
    /// No time.
    #[error("is no time (HHMMSS), nor a range with a hyphen")]
    Time,
    /// No date-time.
    #[error("is no date-time, nor a range with a hyphen")]
    DateTime,
    /// A range whose end is before its beginning.
    #[error("the range ends before it begins")]
    Reversed,
    /// A hyphen without a date or time on either side.
    #[error("the range has neither beginning nor end")]
    EmptyRange,
    /// Wild cards in a UID.
    #[error("wild cards are not defined for UIDs")]
    WildCardInUid,
    /// Several values in a key that is no UID.
    #[error("several values are not offered for this key")]
    SeveralValues,
    /// Too long to be the value of anything that is kept.
    #[error("the value is too long")]
    TooLong,
    /// A way of matching that is not offered for the key.
    #[error("{0} is not offered here")]
    NotOffered(&'static str),
}

impl Unfit {
    /// Whether the request is well formed, and only asks for more than is offered (C001 in place of A900).
    pub fn is_not_offered(self) -> bool {
        matches!(self, Self::NotOffered(_))
    }
}

impl Ways {
    /// Every way of PS3.4 C.2.2.2; one of several values is enough.
    pub const STANDARD: Self =
        Self { letters: Letters::ALL, wild_card_in_any_vr: false, several_values: SeveralValues::AnyOf };
}

impl Matching {
    /// Takes what the text of a key asks: decoded, without padding, backslashes between its values.
    ///
    /// # Errors
    /// When the value is none of its VR, or is matched in a way that is not offered.
    pub fn read(vr: Vr, text: &str, ways: Ways) -> Result<Self, Unfit> {
        // Values are kept without NUL (see the extraction), so they are asked for without.
        let text = text.replace('\0', "");
        let text = text.trim_matches(' ');
        let matched = keys::matched_by_vr(vr);
        let has_wild_cards =
            (matched == Matched::WildCard || ways.wild_card_in_any_vr) && text.contains(['*', '?']);
        // A lone asterisk asks nothing, in whatever VR (PS3.4 C.2.2.2.4).
        if text.bytes().all(|byte| byte == b'*') || matched == Matched::Never {
            return Ok(Self::Universal);
        }
        if vr == Vr::UI {
            return uids(text, ways);
        }
        if text.len() > if has_wild_cards { WILD_BYTES_MAX } else { VALUE_BYTES_MAX } {
            return Err(Unfit::TooLong);
        }
        let values: Vec<&str> = if matches!(vr, Vr::LT | Vr::ST | Vr::UT | Vr::UR) {
            vec![text]
        } else {
            text.split('\\').map(|value| value.trim_matches([' ', '\0'])).collect()
        };
        if values.len() > 1 && ways.several_values == SeveralValues::Refused {
            return Err(Unfit::SeveralValues);
        }
        // An empty value, or a lone asterisk, among others asks nothing, and the others then nothing more.
        if values.iter().any(|value| value.bytes().all(|byte| byte == b'*')) {
            return Ok(Self::Universal);
        }
        let is_range = matched == Matched::Range
            && values.iter().any(|value| normal::split_range(value, vr == Vr::DT).is_some());
        let letters = ways.letters;
        match (has_wild_cards, is_range) {
            (true, _) if !letters.wild_card => return Err(Unfit::NotOffered("matching by wild cards")),
            (_, true) if !letters.range => return Err(Unfit::NotOffered("matching by a range")),
            (false, false) if !letters.single => return Err(Unfit::NotOffered("matching by a single value")),
            _ => {}
        }
        match vr {
            _ if has_wild_cards && vr != Vr::PN => Ok(Self::text(&values, Wild::new)),
            Vr::PN => {
                let patterns: Vec<_> = values.iter().map(|value| NamePattern::read(value)).collect();
                let asks_nothing = patterns.iter().any(|pattern| pattern.groups.is_empty());
                Ok(if asks_nothing { Self::Universal } else { Self::Name(patterns) })
            }
            Vr::DA => ranges(&values, false, Unfit::Date, |text| normal::day(text).map(|day| (day, day)))
                .map(Self::Days),
            Vr::TM => ranges(&values, false, Unfit::Time, normal::times).map(Self::Times),
            Vr::DT => ranges(&values, true, Unfit::DateTime, normal::moments).map(Self::Moments),
            _ if matched == Matched::WildCard || vr == Vr::AS => Ok(Self::text(&values, Wild::literal)),
            _ => Ok(Self::Numbers(values.iter().map(|value| Number::read(value)).collect())),
        }
    }

    fn text(values: &[&str], pattern: impl Fn(&str) -> Wild) -> Self {
        Self::Text(values.iter().map(|value| TextPattern(pattern(value))).collect())
    }
}

impl NamePattern {
    fn read(text: &str) -> Self {
        let mut groups: Vec<_> = text
            .splitn(3, '=')
            .map(normal::folded_group)
            .map(|group| (!group.is_empty()).then(|| Wild::new(&group)))
            .collect();
        // Empty groups at the end count as absent; one group alone is asked of any.
        while groups.last() == Some(&None) {
            groups.pop();
        }
        Self { groups }
    }
}

fn uids(text: &str, ways: Ways) -> Result<Matching, Unfit> {
    if text.contains(['*', '?']) {
        return Err(Unfit::WildCardInUid);
    }
    let mut uids: Vec<String> = text
        .split('\\')
        .map(|uid| uid.trim_matches([' ', '\0']))
        .filter(|uid| !uid.is_empty())
        .map(str::to_owned)
        .collect();
    if uids.is_empty() {
        return Ok(Matching::Universal);
    }
    if uids.len() > 1 && !ways.letters.list {
        return Err(Unfit::NotOffered("matching by a list of UIDs"));
    }
    uids.sort_unstable();
    uids.dedup();
    Ok(Matching::Uids(uids))
}

/// Single values and ranges of an ordered VR. A single value is the range of its beginning alone: `2230` is
/// 22:30:00, not the whole minute.
fn ranges<T: Copy + Ord + Bounded>(
    values: &[&str],
    is_date_time: bool,
    unfit: Unfit,
    read: impl Fn(&str) -> Option<(T, T)>,
) -> Result<Vec<(T, T)>, Unfit> {
    values
        .iter()
        .map(|value| {
            let Some((from, to)) = normal::split_range(value, is_date_time) else {
                let (start, _) = read(value).ok_or(unfit)?;
                return Ok((start, start));
            };
            let (from, to) = (from.trim_matches(' '), to.trim_matches(' '));
            if from.is_empty() && to.is_empty() {
                return Err(Unfit::EmptyRange);
            }
            let start = if from.is_empty() { T::FIRST } else { read(from).ok_or(unfit)?.0 };
            let end = if to.is_empty() { T::LAST } else { read(to).ok_or(unfit)?.1 };
            if start > end { Err(Unfit::Reversed) } else { Ok((start, end)) }
        })
        .collect()
}

/// The ends that a range without one reaches to.
trait Bounded {
    const FIRST: Self;
    const LAST: Self;
}

impl Bounded for u32 {
    const FIRST: Self = Self::MIN;
    const LAST: Self = Self::MAX;
}

impl Bounded for u64 {
    const FIRST: Self = Self::MIN;
    const LAST: Self = Self::MAX;
}

impl Bounded for i64 {
    const FIRST: Self = Self::MIN;
    const LAST: Self = Self::MAX;
}

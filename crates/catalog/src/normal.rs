//! Values in the form in which they are compared: names without case and accents, dates and times by their
//! meaning.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A time of day in microseconds since midnight.
pub(crate) type TimeOfDay = u64;

const SECOND: u64 = 1_000_000;

/// A text without case, accents and compatibility forms; `ß` is `ss`, `Ａ` is `a`.
pub(crate) fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkd()
        // The voicing marks of kana make another letter, they are no accents.
        .filter(|c| !is_combining_mark(*c) || matches!(c, '\u{3099}' | '\u{309A}'))
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfc()
        .collect()
}

/// One component group of a person name, folded: no spaces around its components, no empty components at its end.
pub(crate) fn folded_group(group: &str) -> String {
    let folded = folded(group);
    let mut tidy = String::with_capacity(folded.len());
    for (position, component) in folded.split('^').enumerate() {
        if position > 0 {
            tidy.push('^');
        }
        tidy.push_str(component.trim_matches(' '));
    }
    tidy.truncate(tidy.trim_end_matches('^').len());
    tidy
}

/// The alphabetic, ideographic and phonetic group of a person name (PS3.5 6.2.1), each folded.
pub(crate) fn folded_groups(name: &str) -> [String; 3] {
    let mut groups = name.splitn(3, '=');
    std::array::from_fn(|_| groups.next().map(folded_group).unwrap_or_default())
}

/// Whether two names are of two persons: a component group that both have is another one.
pub(crate) fn is_another_name(one: &str, other: &str) -> bool {
    let groups = folded_groups(one).into_iter().zip(folded_groups(other));
    groups.into_iter().any(|(one, other)| !one.is_empty() && !other.is_empty() && one != other)
}

/// What stands for a patient in a Patient's Name (0010,0010): its first component group that has something, without case,
/// accents and idle spaces.
pub fn comparable_name(name: &str) -> String {
    folded_groups(name).into_iter().find(|group| !group.is_empty()).unwrap_or_default()
}

/// A date as the number YYYYMMDD (PS3.5 6.2, DA, and the form with dots of ACR-NEMA).
pub(crate) fn day(text: &str) -> Option<u32> {
    let text = text.trim_matches([' ', '\0']);
    let digits: [u8; 8] = match text.as_bytes() {
        [a, b, c, d, b'.', e, f, b'.', g, h] => [*a, *b, *c, *d, *e, *f, *g, *h],
        bytes => bytes.try_into().ok()?,
    };
    let number = number(&digits)?;
    vocabulary::Day::from_number(number).ok().map(vocabulary::Day::as_number)
}

/// The first and the last moment that a time means (PS3.5 6.2, TM, and the form with colons of ACR-NEMA): what
/// is not written may be anything.
pub(crate) fn times(text: &str) -> Option<(TimeOfDay, TimeOfDay)> {
    let text = text.trim_matches([' ', '\0']);
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let plain: Vec<u8> = match whole.as_bytes() {
        [a, b, b':', c, d] => vec![*a, *b, *c, *d],
        [a, b, b':', c, d, b':', e, f] => vec![*a, *b, *c, *d, *e, *f],
        bytes => bytes.to_vec(),
    };
    let mut pairs = plain.chunks(2).map(|pair| if pair.len() == 2 { number(pair) } else { None });
    let hours = u64::from(pairs.next()??);
    let minutes = pairs.next().map_or(Some(None), |minutes| minutes.map(Some))?.map(u64::from);
    let seconds = pairs.next().map_or(Some(None), |seconds| seconds.map(Some))?.map(u64::from);
    // A leap second is the 60th (PS3.5 6.2).
    if pairs.next().is_some() || hours > 23 || minutes > Some(59) || seconds > Some(60) {
        return None;
    }
    let start = (hours * 3600 + minutes.unwrap_or(0) * 60 + seconds.unwrap_or(0)) * SECOND;
    let Some(fraction) = fraction else {
        let length = match (minutes, seconds) {
            (None, _) => 3600 * SECOND,
            (Some(_), None) => 60 * SECOND,
            (Some(_), Some(_)) => SECOND,
        };
        return Some((start, start + length - 1));
    };
    let places = u32::try_from(fraction.len()).ok()?;
    if seconds.is_none() || !(1..=6).contains(&places) {
        return None;
    }
    let step = 10_u64.pow(6 - places);
    let start = start + u64::from(number(fraction.as_bytes())?) * step;
    Some((start, start + step - 1))
}

/// The first and the last moment that a date-time means (PS3.5 6.2, DT), in microseconds since the year 0, in UTC if
/// it says its offset. What is not written may be anything.
pub(crate) fn moments(text: &str) -> Option<(i64, i64)> {
    let text = text.trim_matches([' ', '\0']);
    let (local, offset) = match text.len().checked_sub(5).and_then(|at| text.split_at_checked(at)) {
        Some((local, offset)) if local.len() >= 4 && offset.starts_with(['+', '-']) => {
            (local, offset_minutes(offset)?)
        }
        _ => (text, 0),
    };
    let digits = local.split('.').next()?.len();
    let (date, time) = local.split_at_checked(digits.min(8))?;
    let (first_day, last_day) = match date.len() {
        4 => (number(date.as_bytes())? * 10_000 + 101, number(date.as_bytes())? * 10_000 + 1231),
        6 => {
            let month = number(date.as_bytes())? * 100;
            let last = (28..=31).rev().find(|d| vocabulary::Day::from_number(month + d).is_ok())?;
            (month + 1, month + last)
        }
        _ => (day(date)?, day(date)?),
    };
    let (first_time, last_time) = if time.is_empty() { (0, 86_400 * SECOND - 1) } else { times(time)? };
    if !time.is_empty() && (time.contains(':') || date.len() != 8) {
        return None;
    }
    let at = |day: u32, time: u64| {
        let days = days_of(day)?;
        let time = i64::try_from(time).ok()?;
        Some((days * 86_400 - i64::from(offset) * 60) * 1_000_000 + time)
    };
    Some((at(first_day, first_time)?, at(last_day, last_time)?))
}

/// Splits a range at its hyphen: `a-b`, `-b`, `a-` (PS3.4 C.2.2.2.5). `None`: it is no range.
pub(crate) fn split_range(text: &str, is_date_time: bool) -> Option<(&str, &str)> {
    if !is_date_time {
        return text.split_once('-');
    }
    // A hyphen may also begin an offset from UTC, which ends there or before another hyphen; `2024-2025` does not.
    let is_offset = |at: usize| {
        let rest = text.get(at + 1..).unwrap_or("");
        let is_followed_by_offset =
            rest.get(..4).is_some_and(|_| matches!(rest.as_bytes().get(4), None | Some(b'-')));
        at > 0 && is_followed_by_offset && offset_minutes(text.get(at..at + 5).unwrap_or("")).is_some()
    };
    let hyphens: Vec<usize> = text.match_indices('-').map(|(at, _)| at).collect();
    let at = match hyphens.as_slice() {
        [] => return None,
        [only] if is_offset(*only) => return None,
        [only] => *only,
        // `a-0500-b` or `a-b-0500`: the one that is no offset.
        [first, second] if is_offset(*first) && text.get(first + 5..=*second) == Some("-") => *second,
        [first, ..] if is_offset(*first) => *hyphens.get(1)?,
        [first, ..] => *first,
    };
    Some((text.get(..at)?, text.get(at + 1..)?))
}

fn offset_minutes(text: &str) -> Option<i32> {
    let (sign, digits) = text.split_at_checked(1)?;
    let number = i32::try_from(number(digits.as_bytes())?).ok()?;
    let minutes = number / 100 * 60 + number % 100;
    (number / 100 <= 14 && number % 100 <= 59).then_some(if sign == "-" { -minutes } else { minutes })
}

/// Days since the beginning of the year 0 of a number YYYYMMDD, years beginning in March.
fn days_of(number: u32) -> Option<i64> {
    let date = vocabulary::Day::from_number(number).ok()?;
    let (year, month, day) = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
    let (year, month) = if month < 3 { (year - 1, month + 12) } else { (year, month) };
    Some(365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day)
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sil_030_names_are_compared_without_case_accents_and_empty_ends() {
        assert_eq!(folded_group("MÜLLER^Jörg^^^"), "muller^jorg");
        assert_eq!(folded_group("Groß ^ Ann"), "gross^ann");
        assert_eq!(folded_group("ＳＭＩＴＨ"), "smith");
        assert_eq!(
            folded_groups("Yamada^Tarou=山田^太郎=やまだ^たろう"),
            ["yamada^tarou", "山田^太郎", "やまだ^たろう"]
        );
        assert_eq!(folded_groups("Doe^^=="), ["doe", "", ""]);
        assert_ne!(folded("が"), folded("か"));
        assert_eq!(folded("김").chars().count(), 1);
    }

    #[test]
    fn dates_are_days_of_the_calendar() {
        assert_eq!(day("20240229"), Some(20240229));
        assert_eq!(day("1997.07.04 "), Some(19970704));
        for text in ["20230229", "2024", "", "2024-01-1", "202401011", "today", "２０２４０１０１"] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn sil_034_times_are_compared_by_meaning() {
        let hour = 3600 * SECOND;
        assert_eq!(times("22"), Some((22 * hour, 23 * hour - 1)));
        assert_eq!(times("2230").unwrap().0, times("223000").unwrap().0);
        assert_eq!(times("22:30:00"), times("223000"));
        assert_eq!(times("000000.5"), Some((500_000, 599_999)));
        assert_eq!(times("235960.999999").unwrap().0, 24 * hour + 999_999);
        for text in
            ["", "2", "223", "24", "2260", "223061", "22.5", "223000.", "223000.1234567", "-1", "22:3"]
        {
            assert_eq!(times(text), None, "{text}");
        }
    }

    #[test]
    fn moments_know_their_offset_from_utc() {
        assert_eq!(moments("20240101120000+0100").unwrap().0, moments("20240101110000+0000").unwrap().0);
        assert_eq!(moments("20240101120000-0500").unwrap().0, moments("20240101170000").unwrap().0);
        assert_eq!(moments("20231231233000-0100").unwrap().0, moments("20240101003000").unwrap().0);
        let (first, last) = moments("202402").unwrap();
        assert_eq!(first, moments("20240201000000").unwrap().0);
        assert_eq!(last, moments("20240229235959.999999").unwrap().1);
        assert_eq!(moments("2024").unwrap().1 + 1, moments("2025").unwrap().0);
        for text in ["", "20", "20240230", "2024010112:00", "20240101120000+9900", "2024-01-01"] {
            assert_eq!(moments(text), None, "{text}");
        }
    }

    #[test]
    fn a_hyphen_may_be_a_range_or_an_offset() {
        assert_eq!(split_range("20240101-20240131", false), Some(("20240101", "20240131")));
        assert_eq!(split_range("-20240131", false), Some(("", "20240131")));
        assert_eq!(split_range("20240101", false), None);
        assert_eq!(split_range("20240101120000-0500", true), None);
        assert_eq!(split_range("20240101120000-", true), Some(("20240101120000", "")));
        assert_eq!(split_range("-20240101120000-0500", true), Some(("", "20240101120000-0500")));
        assert_eq!(
            split_range("20240101-0500-20240102-0500", true),
            Some(("20240101-0500", "20240102-0500"))
        );
        assert_eq!(split_range("20240101-20240102", true), Some(("20240101", "20240102")));
        assert_eq!(split_range("20240101-0500-", true), Some(("20240101-0500", "")));
    }
}

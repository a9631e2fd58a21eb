//! Numbers with units: how they are read, and how they are written so that they read back the same.

use std::time::Duration;

/// Units of time with their milliseconds, longest first.
const TIME_UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)];

/// Units of bytes, largest first.
const BYTE_UNITS: [(&str, u64); 2] = [("MiB", 1024 * 1024), ("KiB", 1024)];

/// A whole number: digits, with single underscores between them if wanted, as in TOML.
pub(crate) fn whole_number(text: &str) -> Option<u64> {
    let groups_are_digits =
        text.split('_').all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()));
    groups_are_digits.then(|| text.replace('_', "").parse().ok()).flatten()
}

/// A whole number and its unit.
fn with_unit(text: &str) -> Option<(u64, &str)> {
    let unit_starts = text.find(|c: char| !c.is_ascii_digit() && c != '_')?;
    let (number, unit) = text.split_at_checked(unit_starts)?;
    Some((whole_number(number)?, unit.trim_start()))
}

/// A time, `30 s` or `15min`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = with_unit(text)?;
    let (_, milliseconds) = TIME_UNITS.into_iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(milliseconds).map(Duration::from_millis)
}

/// A time in the longest unit that it is a whole number of.
pub(crate) fn duration_text(duration: Duration) -> String {
    let all = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (unit, milliseconds) = match TIME_UNITS.into_iter().find(|(_, unit)| all.is_multiple_of(*unit)) {
        Some(found) if all > 0 => found,
        _ => ("s", 1_000),
    };
    format!("{} {unit}", all / milliseconds)
}

/// A number of bytes, `16384`, `16 KiB` or `1MiB`.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    if let Some(plain) = whole_number(text) {
        return Some(plain);
    }
    let (number, unit) = with_unit(text)?;
    let (_, bytes) = BYTE_UNITS.into_iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(bytes)
}

/// A number of bytes in the largest unit that it is a whole number of.
pub(crate) fn bytes_text(bytes: u64) -> String {
    match BYTE_UNITS.into_iter().find(|(_, unit)| bytes > 0 && bytes.is_multiple_of(*unit)) {
        Some((name, unit)) => format!("{} {name}", bytes / unit),
        None => bytes.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, bytes_text, duration, duration_text, whole_number};
    use std::time::Duration;

    #[test]
    fn times_are_read_with_their_unit_only() {
        assert_eq!(duration("30 s"), Some(Duration::from_secs(30)));
        assert_eq!(duration("15min"), Some(Duration::from_secs(900)));
        assert_eq!(duration("250 ms"), Some(Duration::from_millis(250)));
        for bad in
            ["30", "", "s", "-1 s", "1.5 s", "30 seconds", "99999999999999999999 s", "18446744073709551615 d"]
        {
            assert_eq!(duration(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        for milliseconds in [0, 1, 999, 1_000, 1_500, 30_000, 60_000, 90_000, 900_000, 3_600_000, 86_400_000]
        {
            let time = Duration::from_millis(milliseconds);
            assert_eq!(duration(&duration_text(time)), Some(time), "{}", duration_text(time));
        }
        for number in [0, 1, 1_000, 1_024, 16_384, 131_072, 1_342_177, 1_048_576] {
            assert_eq!(bytes(&bytes_text(number)), Some(number), "{}", bytes_text(number));
        }
        assert_eq!(duration_text(Duration::from_secs(900)), "15 min");
        assert_eq!(bytes_text(131_072), "128 KiB");
    }

    #[test]
    fn numbers_may_be_grouped_as_in_toml() {
        assert_eq!(whole_number("131_072"), Some(131_072));
        for bad in ["", "_1", "1_", "1__0", "+1", "-1", " 1", "0x10", "18446744073709551616"] {
            assert_eq!(whole_number(bad), None, "{bad:?}");
        }
    }
}

use std::fmt;

/// A calendar day (Gregorian), the day an instance was received: the first three steps of its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

/// Why some numbers are no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no calendar day")]
pub struct DayError(u32);

impl Day {
    /// Takes year (1 to 9999), month and day of the month.
    ///
    /// # Errors
    /// When there is no such day.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, DayError> {
        let leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        };
        if (1..=9999).contains(&year) && (1..=days).contains(&day) {
            Ok(Self { year, month, day })
        } else {
            Err(DayError(u32::from(year) * 10_000 + u32::from(month) * 100 + u32::from(day)))
        }
    }

    /// The day `days` after 1970-01-01 (UTC day of a POSIX time divided by 86,400).
    ///
    /// # Errors
    /// When the day lies outside the years 1 to 9999.
    pub fn from_days_since_1970(days: i64) -> Result<Self, DayError> {
        // The civil calendar in eras of 400 years, each beginning on 1 March.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        match (u16::try_from(year), u8::try_from(month), u8::try_from(day)) {
            (Ok(year), Ok(month), Ok(day)) => Self::new(year, month, day),
            _ => Err(DayError(0)),
        }
    }

    /// The day as one number, YYYYMMDD, as the catalog keeps it.
    pub fn as_number(self) -> u32 {
        u32::from(self.year) * 10_000 + u32::from(self.month) * 100 + u32::from(self.day)
    }

    /// Takes the number that [`Day::as_number`] gave.
    ///
    /// # Errors
    /// When the number is no day.
    pub fn from_number(number: u32) -> Result<Self, DayError> {
        let year = u16::try_from(number / 10_000).map_err(|_| DayError(number))?;
        let month = u8::try_from(number / 100 % 100).map_err(|_| DayError(number))?;
        let day = u8::try_from(number % 100).map_err(|_| DayError(number))?;
        Self::new(year, month, day)
    }

    /// The year, 1 to 9999.
    pub fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    pub fn day(self) -> u8 {
        self.day
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_civil_calendar_is_right_at_its_corners() {
        let day = |n| Day::from_days_since_1970(n).unwrap().as_number();
        assert_eq!(day(0), 19700101);
        assert_eq!(day(-1), 19691231);
        assert_eq!(day(11_016), 20000229);
        assert_eq!(day(20_780), 20261123);
    }

    #[test]
    fn a_number_is_a_day_only_if_the_calendar_has_it() {
        assert_eq!(Day::from_number(20240229).unwrap().to_string(), "2024-02-29");
        for number in [20230229, 20241301, 20240010, 20240100, 101, 0] {
            assert!(Day::from_number(number).is_err(), "{number}");
        }
    }
}

//! What STORAGE-SCU makes of the statuses of C-STORE responses (PS3.2 F.4.2.1.3.1.4).

use std::ops::RangeInclusive;

use vocabulary::Status;

/// Which statuses are warnings (DIF-022).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Warnings {
    /// Those of PS3.7 C.4.
    #[default]
    Standard,
    /// Those that annex F names.
    AnnexF,
}

/// One row of the table: statuses, what they mean here, and what is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseRow {
    /// The statuses, as a range of codes.
    pub codes: RangeInclusive<u16>,
    /// What the peer says by it.
    pub meaning: &'static str,
    /// Whether the instance counts as stored by the peer.
    pub is_stored: bool,
    /// What is done.
    pub then: &'static str,
    /// Whether annex F has the row.
    is_of_annex_f: bool,
}

const STORED: &str = "The instance counts as completed; the next one is sent";
const WARNED: &str =
    "The instance counts as stored with a warning, which the service log has; the next one is sent";
const NOT_STORED: &str =
    "The instance counts as failed for good, and is not sent again; an entry in the service log";

const fn row(
    codes: RangeInclusive<u16>,
    meaning: &'static str,
    is_stored: bool,
    then: &'static str,
) -> ResponseRow {
    ResponseRow { codes, meaning, is_stored, then, is_of_annex_f: true }
}

/// A warning that annex F does not know.
const fn further_warning(codes: RangeInclusive<u16>, meaning: &'static str) -> ResponseRow {
    ResponseRow { codes, meaning, is_stored: true, then: WARNED, is_of_annex_f: false }
}

static ROWS: &[ResponseRow] = &[
    row(0x0000..=0x0000, "Success", true, STORED),
    further_warning(0x0001..=0x0001, "Warning: optional attributes are not supported"),
    row(0x0107..=0x0107, "Warning: attribute list error", true, WARNED),
    row(0x0116..=0x0116, "Warning: attribute value out of range", true, WARNED),
    row(0xA700..=0xA7FF, "Refused: out of resources", false, NOT_STORED),
    row(0xA900..=0xA9FF, "Error: data set does not match SOP class", false, NOT_STORED),
    row(0xB000..=0xB000, "Warning: data elements were coerced", true, WARNED),
    row(0xB006..=0xB006, "Warning: elements were discarded", true, WARNED),
    row(0xB007..=0xB007, "Warning: data set does not match SOP class", true, WARNED),
    further_warning(0xB000..=0xBFFF, "Any other warning"),
    row(0xC000..=0xCFFF, "Error: cannot understand", false, NOT_STORED),
    row(0x0000..=0xFFFF, "Any other status", false, NOT_STORED),
];

/// The table; of the rows that have a code the first counts, and the last one has every code.
pub fn responses(warnings: Warnings) -> impl Iterator<Item = &'static ResponseRow> {
    ROWS.iter().filter(move |row| row.is_of_annex_f || warnings == Warnings::Standard)
}

/// Whether an instance that was answered by this status counts as stored by the peer.
pub(crate) fn is_stored(status: Status, warnings: Warnings) -> bool {
    responses(warnings).find(|row| row.codes.contains(&status.0)).is_some_and(|row| row.is_stored)
}

#[cfg(test)]
mod tests {
    use vocabulary::Category;

    use super::*;

    #[test]
    fn scu_026_to_scu_034_what_is_a_success_or_a_warning_counts_as_stored_and_nothing_else_does() {
        for code in 0..=u16::MAX {
            let status = Status(code);
            let is_good = matches!(status.category(), Category::Success | Category::Warning);
            assert_eq!(is_stored(status, Warnings::Standard), is_good, "{status}");
        }
    }

    #[test]
    fn scu_035_dif_022_under_annex_f_any_code_that_it_does_not_name_is_a_failure() {
        let stored: Vec<u16> =
            (0..=u16::MAX).filter(|code| is_stored(Status(*code), Warnings::AnnexF)).collect();
        assert_eq!(stored, [0x0000, 0x0107, 0x0116, 0xB000, 0xB006, 0xB007]);
    }
}

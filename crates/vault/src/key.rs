use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use vocabulary::{Day, Uid};

/// The end of every file name in the vault.
const EXTENSION: &str = ".dcm";

/// Where an instance lies: each part is a step of its path.
///
/// A [`Uid`] holds nothing but digits and inner dots, so no peer can name a path outside the vault.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceKey {
    /// The day it was received (UTC).
    pub day: Day,
    /// Study Instance UID.
    pub study: Uid,
    /// Series Instance UID.
    pub series: Uid,
    /// SOP Instance UID.
    pub sop_instance: Uid,
    /// 1, or more where different data sets came under one SOP Instance UID.
    pub version: u32,
}

impl InstanceKey {
    /// `<SOP Instance UID>.dcm`, or `<SOP Instance UID>_<version>.dcm` from the second version on.
    pub fn file_name(&self) -> String {
        match self.version {
            0 | 1 => format!("{}{EXTENSION}", self.sop_instance),
            version => format!("{}_{version}{EXTENSION}", self.sop_instance),
        }
    }

    /// The path below the vault's directory.
    pub fn path(&self) -> PathBuf {
        self.series_path().join(self.file_name())
    }

    /// The key of a path below the vault's directory, if it is one that [`InstanceKey::path`] gives.
    pub fn from_path(path: &Path) -> Option<Self> {
        let mut steps = path.iter().map(OsStr::to_str);
        let mut step = || steps.next().flatten();
        let day = format!("{}{}{}", step()?, step()?, step()?);
        let day = Day::from_number(day.parse().ok()?).ok()?;
        let (study, series) = (Uid::parse(step()?).ok()?, Uid::parse(step()?).ok()?);
        let (sop_instance, version) = Self::parse_file_name(step()?)?;
        let key = Self { day, study, series, sop_instance, version };
        (key.path() == path).then_some(key)
    }

    pub(crate) fn series_path(&self) -> PathBuf {
        self.study_path().join(self.series.as_str())
    }

    pub(crate) fn study_path(&self) -> PathBuf {
        day_path(self.day).join(self.study.as_str())
    }

    /// The SOP Instance UID and version that a file name says, if it is one that [`InstanceKey::file_name`] gives.
    pub(crate) fn parse_file_name(name: &str) -> Option<(Uid, u32)> {
        let stem = name.strip_suffix(EXTENSION)?;
        let (uid, version) = match stem.split_once('_') {
            None => (stem, 1),
            Some((uid, digits)) => {
                let version: u32 = digits.parse().ok()?;
                (uid, (version >= 2 && version.to_string() == digits).then_some(version)?)
            }
        };
        Some((Uid::parse(uid).ok().filter(|parsed| parsed == uid)?, version))
    }
}

/// `YYYY/MM/DD`.
pub(crate) fn day_path(day: Day) -> PathBuf {
    Path::new(&format!("{:04}", day.year()))
        .join(format!("{:02}", day.month()))
        .join(format!("{:02}", day.day()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(version: u32) -> InstanceKey {
        InstanceKey {
            day: Day::from_number(20260203).unwrap(),
            study: Uid::parse("1.2").unwrap(),
            series: Uid::parse("1.2.3").unwrap(),
            sop_instance: Uid::parse("1.2.3.4").unwrap(),
            version,
        }
    }

    #[test]
    fn the_path_is_day_study_series_instance() {
        assert_eq!(key(1).path(), Path::new("2026/02/03/1.2/1.2.3/1.2.3.4.dcm"));
        assert_eq!(key(2).path(), Path::new("2026/02/03/1.2/1.2.3/1.2.3.4_2.dcm"));
    }

    proptest::proptest! {
        #[test]
        fn no_uids_of_a_peer_name_a_path_outside_the_vault(
            parts in proptest::array::uniform3("[0-9./\\\\\0 a]{0,70}|[0-9]{1,3}([.]{1,2}[0-9]{1,5}){0,9}"),
            version: u32,
        ) {
            use std::path::Component;
            let parsed = parts.each_ref().map(|part| Uid::from_wire(part.as_bytes()));
            if let [Ok(study), Ok(series), Ok(sop_instance)] = parsed {
                let key = InstanceKey { study, series, sop_instance, version, ..key(1) };
                let path = key.path();
                proptest::prop_assert!(path.components().all(|part| matches!(part, Component::Normal(_))));
                proptest::prop_assert_eq!(path.components().count(), 6);
                proptest::prop_assert!(path.components().all(|part| part.as_os_str().len() <= 255));
                let name = InstanceKey::parse_file_name(&key.file_name());
                proptest::prop_assert_eq!(name, Some((key.sop_instance, version.max(1))));
            }
        }
    }

    #[test]
    fn a_path_is_read_back_and_no_other_is_taken_for_one() {
        for version in [1, 2] {
            assert_eq!(InstanceKey::from_path(&key(version).path()), Some(key(version)));
        }
        for path in [
            "",
            "2026/02/03/1.2/1.2.3",
            "2026/2/03/1.2/1.2.3/1.2.dcm",
            "2026/02/03/1.2/1.2.3/1.2.dcm/x",
            "../1",
        ] {
            assert_eq!(InstanceKey::from_path(Path::new(path)), None, "{path:?}");
        }
    }

    #[test]
    fn a_file_name_is_read_back_and_no_other_is_taken_for_one() {
        for version in [1, 2, 17, u32::MAX] {
            let key = key(version);
            assert_eq!(InstanceKey::parse_file_name(&key.file_name()), Some((key.sop_instance, version)));
        }
        for name in [
            "",
            ".dcm",
            "1.2",
            "1.2.dcm~",
            "1.2_1.dcm",
            "1.2_02.dcm",
            "1.2_.dcm",
            "1.2_x.dcm",
            "a.dcm",
            " 1.dcm",
            "1_4294967296.dcm",
            "1..dcm",
        ] {
            assert_eq!(InstanceKey::parse_file_name(name), None, "{name:?}");
        }
    }
}

use vault::{DurableTo, InstanceKey};
use vocabulary::{Day, Uid};

/// What these holdings know of directories that are durable, so that they need not be synced for each instance.
#[derive(Debug)]
pub(crate) struct Trodden {
    /// A day whose directory is durable, as the catalog remembers or these holdings found.
    day: Option<Day>,
    /// Where these holdings kept an instance last.
    last: Option<(Day, Uid, Uid)>,
}

/// Whether the directory of the day was not known before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NewDay {
    Yes,
    No,
}

impl Trodden {
    pub(crate) fn new(day: Option<Day>) -> Self {
        Self { day, last: None }
    }

    /// How far down the directories of an instance are durable for sure.
    pub(crate) fn durable_to(&self, key: &InstanceKey) -> DurableTo {
        match &self.last {
            Some((day, study, series)) if (*day, study) == (key.day, &key.study) => {
                if *series == key.series {
                    DurableTo::Series
                } else {
                    DurableTo::Study
                }
            }
            _ if self.day == Some(key.day) => DurableTo::Day,
            _ => DurableTo::Nothing,
        }
    }

    /// An instance was kept, so all the directories above it are durable.
    pub(crate) fn kept_in(&mut self, key: &InstanceKey) -> NewDay {
        if self.durable_to(key) != DurableTo::Series {
            self.last = Some((key.day, key.study.clone(), key.series.clone()));
        }
        match self.day.replace(key.day) {
            Some(day) if day == key.day => NewDay::No,
            _ => NewDay::Yes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(day: u32, study: &str, series: &str) -> InstanceKey {
        let uid = |text| Uid::parse(text).unwrap();
        InstanceKey {
            day: Day::from_number(day).unwrap(),
            study: uid(study),
            series: uid(series),
            sop_instance: uid("1.2.3.4"),
            version: 1,
        }
    }

    #[test]
    fn no_more_is_taken_for_durable_than_was_kept() {
        let mut trodden = Trodden::new(Some(Day::from_number(20261122).unwrap()));
        let first = key(20261123, "1.2", "1.2.3");
        assert_eq!(trodden.durable_to(&first), DurableTo::Nothing);
        assert_eq!(trodden.durable_to(&key(20261122, "1.2", "1.2.3")), DurableTo::Day);
        assert_eq!(trodden.kept_in(&first), NewDay::Yes);
        assert_eq!(trodden.kept_in(&first), NewDay::No);
        assert_eq!(trodden.durable_to(&first), DurableTo::Series);
        assert_eq!(trodden.durable_to(&key(20261123, "1.2", "1.2.4")), DurableTo::Study);
        assert_eq!(trodden.durable_to(&key(20261123, "1.3", "1.2.3")), DurableTo::Day);
        assert_eq!(trodden.durable_to(&key(20261124, "1.2", "1.2.3")), DurableTo::Nothing);
    }
}

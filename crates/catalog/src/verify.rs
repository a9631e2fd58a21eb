//! What it takes to compare the catalog with the vault.

use vocabulary::Day;

use crate::locate::damaged;
use crate::{Catalog, CatalogError};

impl Catalog {
    /// The days on which something was received that is held, oldest first.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn days(&self) -> Result<Vec<Day>, CatalogError> {
        // One look into the index for each day, however many instances it has.
        let mut statement =
            self.connection()?.prepare_cached("SELECT min(day) FROM instance WHERE day > ?1")?;
        let mut days = Vec::new();
        let mut last = 0_u32;
        while let Some(number) = statement.query_row([last], |row| row.get::<_, Option<u32>>(0))? {
            days.push(Day::from_number(number).map_err(|_| damaged("a day"))?);
            last = number;
        }
        Ok(days)
    }

    /// Reads all of the catalog's file and looks for what no catalog has; what was found, in the words of SQLite. It takes
    /// about as long as the file takes to be read.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn check(&self) -> Result<Option<String>, CatalogError> {
        let found: String = self.connection()?.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok((found != "ok").then_some(found))
    }
}

#[cfg(test)]
mod tests {
    use vocabulary::Day;

    use crate::Location;
    use crate::trial::{SOP_INSTANCE_UID, Trial, location, row};

    #[test]
    fn each_day_is_told_once_and_in_order() {
        let mut trial = Trial::new();
        for (number, day, uid) in
            [(1, 20_261_124, "1.2.1"), (2, 20_261_122, "1.2.2"), (3, 20_261_124, "1.2.3")]
        {
            let location = Location { day: Day::from_number(day).unwrap(), ..location(number) };
            let _recorded = trial.catalog.record(&row(&[(SOP_INSTANCE_UID, uid)]), &location).unwrap();
        }
        let days: Vec<u32> = trial.catalog.days().unwrap().iter().map(|day| day.as_number()).collect();
        assert_eq!(days, [20_261_122, 20_261_124]);
    }

    #[test]
    fn a_page_that_was_written_over_is_found() {
        let trial = Trial::new();
        assert_eq!(trial.catalog.check().unwrap(), None);
        trial.catalog.settle().unwrap();
        let path = trial.folder.path().join("catalog.sqlite");
        let mut bytes = std::fs::read(&path).unwrap();
        let end = bytes.len();
        bytes[end - 4_096..].fill(0xA5);
        std::fs::write(&path, bytes).unwrap();
        let fresh = trial.another(crate::Access::ReadOnly);
        assert!(!matches!(fresh.check(), Ok(None)));
    }
}

use vocabulary::{Category, Status};

use crate::command_set::{CommandSet, CommandWriter, Element, Fault};

/// The counters of the C-STORE sub-operations of a C-MOVE or C-GET (PS3.7 9.1.3.1, 9.1.4.1; PS3.4 C.4.2.1.6).
///
/// The wire has 16 bits for each; a larger number goes out as 65,535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SubOperations {
    /// Number of Remaining Sub-operations (0000,1020). Goes out with pending and cancelled only (PS3.4 C.4.2.1.6).
    pub remaining: Option<u32>,
    /// Number of Completed Sub-operations (0000,1021): the successful ones.
    pub completed: u32,
    /// Number of Failed Sub-operations (0000,1022).
    pub failed: u32,
    /// Number of Warning Sub-operations (0000,1023).
    pub warning: u32,
}

impl SubOperations {
    /// None done yet, `count` to do.
    pub fn to_do(count: u32) -> Self {
        Self { remaining: Some(count), ..Self::default() }
    }

    /// One of those that remained is over, with this status of its C-STORE response.
    pub fn count(&mut self, status: Status) {
        self.remaining = self.remaining.map(|remaining| remaining.saturating_sub(1));
        let counter = match status.category() {
            Category::Success => &mut self.completed,
            Category::Warning => &mut self.warning,
            Category::Failure | Category::Cancel | Category::Pending => &mut self.failed,
        };
        *counter = counter.saturating_add(1);
    }

    /// All that remain have failed, untried.
    pub fn fail_remaining(&mut self) {
        let remaining = self.remaining.unwrap_or_default();
        self.failed = self.failed.saturating_add(remaining);
        self.remaining = self.remaining.map(|_| 0);
    }

    pub(crate) fn read(set: &CommandSet<'_>) -> Result<Option<Self>, Fault> {
        let number = |element| Ok(set.number(element)?.map(u32::from));
        let remaining = number(Element::NumberOfRemainingSuboperations)?;
        let completed = number(Element::NumberOfCompletedSuboperations)?;
        let failed = number(Element::NumberOfFailedSuboperations)?;
        let warning = number(Element::NumberOfWarningSuboperations)?;
        if remaining.or(completed).or(failed).or(warning).is_none() {
            return Ok(None);
        }
        Ok(Some(Self {
            remaining,
            completed: completed.unwrap_or_default(),
            failed: failed.unwrap_or_default(),
            warning: warning.unwrap_or_default(),
        }))
    }

    /// Writes the counters that a response of this status may have.
    pub(crate) fn write(&self, status: Status, writer: &mut CommandWriter<'_>) {
        let clip = |count: u32| u16::try_from(count).unwrap_or(u16::MAX);
        if matches!(status.category(), Category::Pending | Category::Cancel) {
            writer.optional_number(Element::NumberOfRemainingSuboperations, self.remaining.map(clip));
        }
        writer.number(Element::NumberOfCompletedSuboperations, clip(self.completed));
        writer.number(Element::NumberOfFailedSuboperations, clip(self.failed));
        writer.number(Element::NumberOfWarningSuboperations, clip(self.warning));
    }
}

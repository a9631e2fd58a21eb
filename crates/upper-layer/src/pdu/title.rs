use std::fmt;

use vocabulary::{AeTitle, AeTitleError};

/// An AE title as a PDU carries it: 16 bytes, which need not be a title.
///
/// A request with a blank or broken title must be answered by a reason (PS3.8 table 9-21), so it is kept as it
/// came, and only [`TitleField::title`] judges it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TitleField([u8; 16]);

impl TitleField {
    /// The 16 bytes of the wire.
    pub fn from_wire(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes of the wire.
    pub fn to_wire(self) -> [u8; 16] {
        self.0
    }

    /// The title, if it is one.
    ///
    /// # Errors
    /// Says why it is none.
    pub fn title(&self) -> Result<AeTitle, AeTitleError> {
        AeTitle::from_wire(&self.0)
    }
}

impl From<&AeTitle> for TitleField {
    fn from(title: &AeTitle) -> Self {
        Self(title.to_wire())
    }
}

impl fmt::Display for TitleField {
    /// For logs: without padding, what cannot be shown is escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.trim_ascii().escape_ascii())
    }
}

impl fmt::Debug for TitleField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

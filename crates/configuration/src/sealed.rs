//! The way from the supervisor to its children: what holds, as bytes.

use crate::configuration::Configuration;
use crate::error::ConfigurationError;

impl Configuration {
    /// What holds, as bytes for a child process of the same program.
    ///
    /// # Errors
    /// When the path of the data directory is not Unicode.
    pub fn to_sealed(&self) -> Result<Vec<u8>, ConfigurationError> {
        serde_json::to_vec(self).map_err(|error| ConfigurationError::NotSealed { problem: error.to_string() })
    }

    /// Reads what a supervisor sealed.
    ///
    /// # Errors
    /// When the bytes are not from the same program.
    pub fn from_sealed(bytes: &[u8]) -> Result<Self, ConfigurationError> {
        serde_json::from_slice(bytes)
            .map_err(|error| ConfigurationError::NotSealed { problem: error.to_string() })
    }
}

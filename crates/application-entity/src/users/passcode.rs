//! Passcodes, checked against hashes of them (Argon2id, RFC 9106).

use std::fmt;

use argon2::password_hash::{PasswordHasher, phc};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// The hash of a passcode, with what it takes to make it again.
#[derive(Clone)]
pub struct PasscodeHash {
    params: Params,
    salt: Vec<u8>,
    hash: phc::Output,
}

/// The length of the hashes, in bytes: what Argon2 gives by default.
const HASH_BYTES: usize = 32;

/// The length of the salts, in bytes (RFC 9106 3.1).
const SALT_BYTES: usize = 16;

/// Why a text is no hash of a passcode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no hash of a passcode as `isocenter user hash` prints it: {0}")]
pub struct PasscodeHashError(String);

/// There is too little memory to check a passcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoMemory;

impl fmt::Debug for PasscodeHash {
    /// Hashes do not belong into logs: who has one can try passcodes in peace.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasscodeHash").field("params", &self.params).finish_non_exhaustive()
    }
}

impl PasscodeHash {
    /// Hashes a passcode with a new salt. Takes 19 MiB and some 30 ms.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn make(passcode: &[u8]) -> Result<String, PasscodeHashError> {
        let hash: Result<phc::PasswordHash, _> = Argon2::default().hash_password(passcode);
        hash.map(|hash| hash.to_string()).map_err(|error| PasscodeHashError(error.to_string()))
    }

    /// Reads what [`PasscodeHash::make`] gave.
    ///
    /// # Errors
    /// When the text is something else.
    pub fn parse(text: &str) -> Result<Self, PasscodeHashError> {
        let wrong = |error: &dyn fmt::Display| PasscodeHashError(error.to_string());
        let phc = phc::PasswordHash::new(text).map_err(|error| wrong(&error))?;
        if phc.algorithm != Algorithm::Argon2id.ident() || phc.version != Some(Version::V0x13.into()) {
            return Err(wrong(&"it is not of Argon2id, version 19"));
        }
        let salt = phc.salt.ok_or_else(|| wrong(&"it has no salt"))?;
        let hash = phc.hash.filter(|hash| hash.len() == HASH_BYTES);
        Ok(Self {
            params: Params::try_from(&phc).map_err(|error| wrong(&error))?,
            salt: salt.as_ref().to_vec(),
            hash: hash.ok_or_else(|| wrong(&"its hash has not 32 bytes"))?,
        })
    }

    /// Whether a passcode is that of nobody: takes what another check takes.
    pub(super) fn is_of_nobody(passcode: &[u8]) -> Result<bool, NoMemory> {
        hashed(&Params::DEFAULT, passcode, &[0; SALT_BYTES]).map(|_| false)
    }

    /// Whether it is the hash of a passcode. The time it takes does not depend on the answer.
    pub(super) fn is_of(&self, passcode: &[u8]) -> Result<bool, NoMemory> {
        let hash = hashed(&self.params, passcode, &self.salt)?;
        // Compares in constant time.
        Ok(hash.is_some_and(|hash| hash == self.hash))
    }
}

/// The hash of a passcode; none when Argon2 does not take it.
fn hashed(params: &Params, passcode: &[u8], salt: &[u8]) -> Result<Option<phc::Output>, NoMemory> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    // Not as Argon2 would do it by itself: where memory is limited, that would end the process.
    let mut memory: Vec<Block> = Vec::new();
    let blocks = params.block_count();
    memory.try_reserve_exact(blocks).map_err(|_| NoMemory)?;
    memory.resize(blocks, Block::default());
    let mut hash = [0; HASH_BYTES];
    let hashed = argon2.hash_password_into_with_memory(passcode, salt, &mut hash, &mut memory);
    Ok(hashed.ok().and_then(|()| phc::Output::new(&hash).ok()))
}

//! Who the user is (PS3.7 D.3.3.7): user names and passcodes, and JSON Web Tokens.
//!
//! In: the user identity item of an association request. Out: whose rights hold, or why the identity is refused.

mod passcode;
mod token;

use std::fmt;

use upper_layer::pdu::UserIdentity;
use vocabulary::limits::{PASSCODE_BYTES_MAX, TOKEN_BYTES_MAX, USER_NAME_BYTES_MAX};

use crate::rights::{Grant, Rights, Whose};

pub use passcode::{PasscodeHash, PasscodeHashError};
pub use token::{Algorithm, TokenKey, TokenKeyError};

/// Values of User-Identity-Type (PS3.7 table D.3-14).
mod identity_type {
    pub(super) const USER_NAME: u8 = 1;
    pub(super) const USER_NAME_AND_PASSCODE: u8 = 2;
    pub(super) const KERBEROS: u8 = 3;
    pub(super) const SAML: u8 = 4;
    pub(super) const JSON_WEB_TOKEN: u8 = 5;
}

/// What an AE does about user identities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Demand {
    /// They are ignored and not answered.
    #[default]
    Off,
    /// One that is given must be right.
    Optional,
    /// There must be one.
    Required,
}

/// A user.
#[derive(Debug)]
pub struct User {
    /// The name, as it is sent.
    pub name: String,
    /// What the passcode is checked against; none: the name alone will do.
    pub passcode: Option<PasscodeHash>,
    /// What the user may do.
    pub rights: Rights,
}

/// The users, and the keys of their tokens.
#[derive(Debug, Default)]
pub struct Users {
    users: Vec<User>,
    token_keys: Vec<TokenKey>,
}

/// Who it is.
#[derive(Debug, PartialEq, Eq)]
pub struct Identified {
    /// The name, or the subject of the token.
    pub name: String,
    /// Whose rights hold beside those of the peer.
    pub grants: Vec<Grant>,
}

/// Why an identity is not accepted. What the log says, and not the peer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityRefused {
    /// None came.
    #[error("no user identity came, and user-identity is \"required\"")]
    Missing,
    /// One came that is none.
    #[error("the user identity item of the request cannot be read, or there are several")]
    Malformed,
    /// Kerberos, SAML, or something that PS3.7 does not know.
    #[error("the user identity is of type {0} ({kind}): not supported, and user-identity is \"required\"", kind = kind(*.0))]
    NotSupported(u8),
    /// Longer than anything that could be right.
    #[error("the {what} of the user identity has {bytes} bytes, and at most {bytes_max} are looked at")]
    TooLong {
        /// Name, passcode or token.
        what: &'static str,
        /// Its length.
        bytes: usize,
        /// The bound.
        bytes_max: usize,
    },
    /// Nobody has the name.
    #[error("no [[user]] has the name {0}")]
    UnknownUser(Shown),
    /// The passcode is not that of the user.
    #[error("the passcode of user {0} is wrong, or passcode-hash is that of another one")]
    WrongPasscode(Shown),
    /// A name alone, where there is a passcode.
    #[error("user {0} came without the passcode that passcode-hash asks for")]
    PasscodeMissing(Shown),
    /// The token is not accepted.
    #[error("the token is refused: {0}")]
    Token(String),
    /// There is no room to check a passcode just now.
    #[error("the passcode could not be checked: {0}")]
    Busy(&'static str),
}

fn kind(identity_type: u8) -> &'static str {
    match identity_type {
        identity_type::USER_NAME => "user name",
        identity_type::USER_NAME_AND_PASSCODE => "user name and passcode",
        identity_type::KERBEROS => "Kerberos",
        identity_type::SAML => "SAML",
        identity_type::JSON_WEB_TOKEN => "JSON Web Token",
        _ => "unknown to PS3.7",
    }
}

/// A name as a peer sent it, fit for a log: quoted, escaped, and cut when it is long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    const CHARACTERS_MAX: usize = 64;

    fn new(bytes: &[u8]) -> Self {
        Self(String::from_utf8_lossy(bytes).chars().take(Self::CHARACTERS_MAX).collect())
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl Users {
    /// Takes users and keys; of two users with one name the first counts.
    pub fn new(users: Vec<User>, token_keys: Vec<TokenKey>) -> Self {
        Self { users, token_keys }
    }

    /// The names of the users, and the issuers of the tokens that are accepted.
    pub fn describe(&self) -> (usize, impl Iterator<Item = (&str, Algorithm)>) {
        (self.users.len(), self.token_keys.iter().map(|key| (key.issuer.as_str(), key.algorithm)))
    }

    pub(crate) fn rights(&self) -> impl Iterator<Item = &Rights> {
        let of_keys = self.token_keys.iter().map(|key| &key.rights);
        self.users.iter().map(|user| &user.rights).chain(of_keys)
    }

    /// Whether identities of this type can be checked at all.
    pub(crate) fn supports(identity: &UserIdentity) -> bool {
        matches!(
            identity.identity_type,
            identity_type::USER_NAME | identity_type::USER_NAME_AND_PASSCODE | identity_type::JSON_WEB_TOKEN
        )
    }

    /// Checks an identity. `turn` is asked before a passcode is hashed, which takes much memory and time: it says
    /// whether there is room.
    ///
    /// # Errors
    /// Why it is not accepted.
    pub fn identify(
        &self,
        identity: &UserIdentity,
        turn: &mut dyn FnMut() -> bool,
    ) -> Result<Identified, IdentityRefused> {
        match identity.identity_type {
            identity_type::USER_NAME => self.named(&identity.primary),
            identity_type::USER_NAME_AND_PASSCODE => {
                self.with_passcode(&identity.primary, &identity.secondary, turn)
            }
            identity_type::JSON_WEB_TOKEN => self.with_token(&identity.primary),
            other => Err(IdentityRefused::NotSupported(other)),
        }
    }

    fn find(&self, name: &[u8]) -> Option<&User> {
        self.users.iter().find(|user| user.name.as_bytes() == name)
    }

    fn named(&self, name: &[u8]) -> Result<Identified, IdentityRefused> {
        within("user name", name, USER_NAME_BYTES_MAX)?;
        let user = self.find(name).ok_or_else(|| IdentityRefused::UnknownUser(Shown::new(name)))?;
        match user.passcode {
            None => Ok(user.identified()),
            Some(_) => Err(IdentityRefused::PasscodeMissing(Shown::new(name))),
        }
    }

    /// An unknown name costs what a wrong passcode costs: the time of the answer tells nothing of who is a user.
    fn with_passcode(
        &self,
        name: &[u8],
        passcode: &[u8],
        turn: &mut dyn FnMut() -> bool,
    ) -> Result<Identified, IdentityRefused> {
        within("user name", name, USER_NAME_BYTES_MAX)?;
        within("passcode", passcode, PASSCODE_BYTES_MAX)?;
        if !turn() {
            return Err(IdentityRefused::Busy("too many others are being checked"));
        }
        let user = self.find(name);
        let no_memory = |_| IdentityRefused::Busy("there is too little memory");
        match user.and_then(|user| Some((user, user.passcode.as_ref()?))) {
            Some((user, hash)) => match hash.is_of(passcode).map_err(no_memory)? {
                true => Ok(user.identified()),
                false => Err(IdentityRefused::WrongPasscode(Shown::new(name))),
            },
            None => {
                let others = self.users.iter().find_map(|user| user.passcode.as_ref());
                let none = || PasscodeHash::is_of_nobody(passcode);
                others.map_or_else(none, |hash| hash.is_of(passcode)).map_err(no_memory)?;
                Err(match user {
                    Some(_) => IdentityRefused::WrongPasscode(Shown::new(name)),
                    None => IdentityRefused::UnknownUser(Shown::new(name)),
                })
            }
        }
    }

    fn with_token(&self, token: &[u8]) -> Result<Identified, IdentityRefused> {
        within("token", token, TOKEN_BYTES_MAX)?;
        let (subject, key) =
            token::verify(token, &self.token_keys).map_err(|why| IdentityRefused::Token(why.to_string()))?;
        within("subject of the token", subject.as_bytes(), USER_NAME_BYTES_MAX)?;
        let mut grants =
            vec![Grant { whose: Whose::TokenKey(key.issuer.clone()), rights: key.rights.clone() }];
        grants.extend(self.find(subject.as_bytes()).map(User::grant));
        Ok(Identified { name: subject, grants })
    }
}

impl User {
    fn grant(&self) -> Grant {
        Grant { whose: Whose::User(self.name.clone()), rights: self.rights.clone() }
    }

    fn identified(&self) -> Identified {
        Identified { name: self.name.clone(), grants: vec![self.grant()] }
    }
}

fn within(what: &'static str, bytes: &[u8], bytes_max: usize) -> Result<(), IdentityRefused> {
    match bytes.len() {
        length if length > bytes_max => Err(IdentityRefused::TooLong { what, bytes: length, bytes_max }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;

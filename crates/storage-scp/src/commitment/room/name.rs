use std::fmt::{self, Write};
use std::time::{Duration, SystemTime};

use vocabulary::{AeTitle, Uid};

/// Stands between the parts of a name; neither a UID nor a title as it is written here holds it.
const BETWEEN: char = '~';

/// The name of a notification that waits: all that is needed to choose the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Name {
    /// When it is to be sent, to the millisecond.
    pub(in super::super) due: SystemTime,
    /// Attempts that failed.
    pub(in super::super) attempts: u32,
    /// Who asked.
    pub(in super::super) peer: AeTitle,
    /// What it named its request.
    pub(in super::super) transaction_uid: Uid,
    /// 0 for the first request of this name; others are told that it is used.
    pub(in super::super) twin: u32,
}

impl Name {
    /// None: not a name.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(BETWEEN);
        let mut next = || parts.next();
        let due = Duration::from_millis(next()?.parse().ok()?);
        let name = Self {
            due: SystemTime::UNIX_EPOCH.checked_add(due)?,
            attempts: next()?.parse().ok()?,
            peer: unescape(next()?)?,
            transaction_uid: Uid::parse(next()?).ok()?,
            twin: next()?.parse().ok()?,
        };
        next().is_none().then_some(name)
    }

    /// The part of the name that says which transaction it is.
    pub(super) fn transaction(&self) -> String {
        transaction(&self.peer, &self.transaction_uid)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let due = self.due.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        let transaction = self.transaction();
        write!(f, "{due:013}{BETWEEN}{}{BETWEEN}{transaction}{BETWEEN}{}", self.attempts, self.twin)
    }
}

/// Peer and Transaction UID as part of a name.
pub(super) fn transaction(peer: &AeTitle, transaction_uid: &Uid) -> String {
    let mut text = String::with_capacity(128);
    for byte in peer.as_str().bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => text.push(char::from(byte)),
            // A String takes whatever is written.
            _ => write!(text, "%{byte:02X}").unwrap_or_default(),
        }
    }
    text.push(BETWEEN);
    text.push_str(transaction_uid.as_str());
    text
}

fn unescape(text: &str) -> Option<AeTitle> {
    let mut title = String::with_capacity(16);
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        title.push_str(rest.get(..at)?);
        let byte = u8::from_str_radix(rest.get(at + 1..at + 3)?, 16).ok()?;
        title.push(char::from(byte));
        rest = rest.get(at + 3..)?;
    }
    title.push_str(rest);
    AeTitle::parse(&title).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_it_said_when_it_is_read_back() {
        for title in ["CT2", "../../etc", "A/B C~%", "-_."] {
            let name = Name {
                due: SystemTime::UNIX_EPOCH + Duration::from_millis(1_763_910_000_123),
                attempts: 3,
                peer: AeTitle::parse(title).unwrap(),
                transaction_uid: Uid::known("1.2.840.99"),
                twin: 1,
            };
            let text = name.to_string();
            assert!(!text.contains('/'), "{text}");
            assert_eq!(Name::read(&text), Some(name));
        }
    }

    #[test]
    fn what_is_no_name_is_not_taken_for_one() {
        let not_names = [
            "",
            "lock",
            "1~2~CT~1.2~0~",
            "x~2~CT~1.2~0",
            "1~2~CT~x~0",
            "1~2~%~1.2~0",
            "1~2~%zz~1.2~0",
            "1~2~CT~1.2",
        ];
        for text in not_names {
            assert_eq!(Name::read(text), None, "{text}");
        }
    }
}

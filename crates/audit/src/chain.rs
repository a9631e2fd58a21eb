//! The chain: each record's hash is made from its number, its message and the hash of the record before.
//!
//! A record is a line: number, hash, message, with spaces between. Whoever changes, removes, adds or exchanges records
//! breaks the chain at that place, and the *head*, a file with number and hash of the last record that is on the disk,
//! says how far it has to reach: records that are cut off at the end are missed.
//!
//! The chain has no key. Who may write files of the server can make all of them anew from some record on, head included.
//! What shows that is a head that was noted elsewhere, or a collector that the messages were sent to.

use ring::digest::{Context, SHA256, SHA256_OUTPUT_LEN};

/// A number and a hash: what a record is chained to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Link {
    /// The number of the record; 0 before the first.
    pub number: u64,
    /// Its hash (SHA-256); zeros before the first.
    pub hash: [u8; SHA256_OUTPUT_LEN],
}

impl Link {
    /// The link of the record that comes next and has this message.
    #[must_use]
    pub fn next(&self, message: &str) -> Self {
        let number = self.number.saturating_add(1);
        let mut context = Context::new(&SHA256);
        context.update(&self.hash);
        context.update(&number.to_be_bytes());
        context.update(message.as_bytes());
        let mut hash = [0; SHA256_OUTPUT_LEN];
        for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
            *to = *from;
        }
        Self { number, hash }
    }

    /// As it is written: `NUMBER HASH`.
    pub fn to_text(&self) -> String {
        let digits = self.hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let mut text = format!("{} ", self.number);
        text.extend(digits.filter_map(|digit| char::from_digit(digit.into(), 16)));
        text
    }

    /// Reads what [`Link::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, digits) = text.split_once(' ')?;
        let mut hash = [0; SHA256_OUTPUT_LEN];
        // In no other way than it is written: a record is changed also if it means the same.
        let is_plain = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_whole = digits.len() == 2 * SHA256_OUTPUT_LEN && digits.bytes().all(is_plain);
        for (at, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        let is_written = |read: &u64| read.to_string() == number;
        let number = number.parse().ok().filter(is_written)?;
        is_whole.then_some(Self { number, hash })
    }
}

/// A record of the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record<'t> {
    pub(crate) link: Link,
    pub(crate) message: &'t str,
}

impl<'t> Record<'t> {
    /// Reads a line without its end.
    pub(crate) fn parse(line: &'t str) -> Option<Self> {
        let at = line.match_indices(' ').nth(1)?.0;
        Some(Self { link: Link::parse(line.get(..at)?)?, message: line.get(at + 1..)? })
    }

    /// Whether it is the one after `before`.
    pub(crate) fn follows(&self, before: &Link) -> bool {
        before.next(self.message) == self.link
    }
}

/// A record as a line.
pub(crate) fn line(link: &Link, message: &str) -> String {
    format!("{} {message}\n", link.to_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_follows_the_one_before() {
        let first = Link::default().next("<a b=\"c d\"/>");
        let text = line(&first, "<a b=\"c d\"/>");
        let record = Record::parse(text.trim_end()).unwrap();
        assert_eq!((record.link, record.message), (first, "<a b=\"c d\"/>"));
        assert!(record.follows(&Link::default()));
        assert!(!record.follows(&first));
        assert!(!Record { message: "<a b=\"c e\"/>", ..record }.follows(&Link::default()));
    }

    #[test]
    fn what_is_no_record_is_none() {
        let good = line(&Link::default().next("m"), "m");
        let other = |number| good.replacen('1', number, 1);
        let (signed, negative, long) = (other("+1"), other("-1"), other("01"));
        let upper = good.to_uppercase();
        for bad in ["", "1", "1 00", "1 zz m", &signed, &negative, &long, &upper, good[..40].trim_end()] {
            assert_eq!(Record::parse(bad), None, "{bad}");
        }
        for end in 0..good.len() {
            let _cut = Record::parse(&good[..end]);
        }
    }
}

//! Whether the trail is what was written.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::AuditError;
use crate::chain::{Link, Record};
use crate::files::{self, Lines};

/// What was gone through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many records there are.
    pub records: u64,
    /// In how many files.
    pub files: usize,
    /// The last record: to be noted elsewhere, and compared with later.
    pub last: Link,
    /// What is not as it was written; none: all is.
    pub findings: Vec<Finding>,
}

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A record was changed, or one that was put in between has the number of another.
    Changed {
        /// Where it stands.
        file: PathBuf,
        /// The number that it has.
        number: u64,
    },
    /// The numbers do not go on: records were removed, or stand in another order.
    OutOfOrder {
        /// Where.
        file: PathBuf,
        /// The number of the record before.
        after: u64,
        /// The number that comes instead of the next.
        found: u64,
    },
    /// A line is no record.
    NoRecord {
        /// Where.
        file: PathBuf,
        /// The number of the record before.
        after: u64,
    },
    /// The trail ends before the record that was the last.
    Shortened {
        /// The number of the record that is the last now.
        last: u64,
        /// The number of the one that was.
        was: u64,
    },
    /// The record that was the last, or was noted, is another one.
    Another {
        /// Its number.
        number: u64,
    },
    /// There is no head, so nothing says whether records are missing at the end.
    NoHead,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { file, number } => write!(f, "{}: record {number} was changed", file.display()),
            Self::OutOfOrder { file, after, found } => write!(
                f,
                "{}: after record {after} comes {found}: records were removed, or put elsewhere",
                file.display()
            ),
            Self::NoRecord { file, after } => {
                write!(f, "{}: a line after record {after} is no record", file.display())
            }
            Self::Shortened { last, was } => {
                write!(f, "record {last} is the last one, and {was} was: those behind it were removed")
            }
            Self::Another { number } => write!(f, "record {number} is not the one that was written"),
            Self::NoHead => write!(f, "the head is gone: records may be missing at the end"),
        }
    }
}

/// Goes through all records of a trail. `noted`: a record that was the last at some time, noted elsewhere.
///
/// # Errors
/// When files cannot be read.
pub fn verify(directory: &Path, noted: Option<Link>) -> Result<Verified, AuditError> {
    // Before the files: whoever writes meanwhile adds to these first.
    let head = files::read_head(directory);
    let mut verified = Verified { records: 0, files: 0, last: Link::default(), findings: Vec::new() };
    let mut met: Vec<Link> = Vec::new();
    let expected: Vec<Link> = head.into_iter().chain(noted).filter(|link| link.number > 0).collect();
    for (_, path) in files::list(directory)? {
        verified.files += 1;
        let mut lines = Lines::open(&path, 0)?;
        while let Some(line) = lines.next()? {
            let link = verified.take(&path, &line);
            met.extend(link.filter(|link| expected.contains(link)));
        }
    }
    if head.is_none() && verified.records > 0 {
        verified.findings.push(Finding::NoHead);
    }
    for link in expected.iter().filter(|link| !met.contains(link)) {
        let (last, was) = (verified.last.number, link.number);
        let finding =
            if was > last { Finding::Shortened { last, was } } else { Finding::Another { number: was } };
        if !verified.findings.contains(&finding) {
            verified.findings.push(finding);
        }
    }
    Ok(verified)
}

impl Verified {
    /// Looks at a line; the link of the record that it is.
    fn take(&mut self, file: &Path, line: &str) -> Option<Link> {
        let (file, after) = (file.to_owned(), self.last.number);
        let Some(record) = Record::parse(line) else {
            self.findings.push(Finding::NoRecord { file, after });
            return None;
        };
        let number = record.link.number;
        if number != after.saturating_add(1) {
            self.findings.push(Finding::OutOfOrder { file, after, found: number });
        } else if !record.follows(&self.last) {
            self.findings.push(Finding::Changed { file, number });
        }
        self.records += 1;
        self.last = record.link;
        Some(record.link)
    }
}

#[cfg(test)]
mod tests;

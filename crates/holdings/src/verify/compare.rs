//! One file: what it is, what it says of itself, what the catalog says of it.

use std::{io, ops::ControlFlow, time::SystemTime};

use catalog::Held;
use vault::{Digest, Digester, InstanceFile, InstanceKey, Shortage};

use super::{Extent, Fault, Verification};
use crate::read::{Head, Unreadable, read_head};

/// How much is read at a time, in bytes: what is waited for is short, so that a limit of the rate is kept to evenly.
const READ_BYTES: usize = 256 * 1024;

/// What a file turned out to be.
pub(super) enum Compared {
    /// As it was kept.
    Sound,
    /// It is not there.
    Gone,
    /// Something is wrong with it.
    Faulty(Fault),
    /// Sound by what it says of itself, and received at this time, but without an entry.
    Unrecorded(SystemTime),
}

impl Verification<'_> {
    /// Compares a file with what it says of itself and with its entry, if it has one.
    pub(super) fn compare(&mut self, key: &InstanceKey, held: Option<&Held>) -> ControlFlow<(), Compared> {
        let file = match self.vault.open_instance(key) {
            Ok(file) => file,
            Err(Shortage::Missing { .. }) => return ControlFlow::Continue(Compared::Gone),
            Err(shortage) => return ControlFlow::Continue(self.unreadable_file(key, &shortage)),
        };
        if let Some(held) = held.filter(|held| held.bytes != file.length()) {
            let what = format!("it has {} bytes, {} were kept", file.length(), held.bytes);
            return ControlFlow::Continue(self.damaged(key, what));
        }
        file.is_read_once();
        if self.extent == Extent::PresenceAndLength {
            return ControlFlow::Continue(match held {
                None if self.catalog.is_some() => Compared::Unrecorded(file.changed()),
                _ => Compared::Sound,
            });
        }
        let head = match read_head(&file) {
            Ok(head) => head,
            Err(Unreadable::Read(error)) => return ControlFlow::Continue(self.unreadable_file(key, &error)),
            Err(unreadable) => return ControlFlow::Continue(self.damaged(key, unreadable.to_string())),
        };
        let found = match self.digest(&file, &head)? {
            Ok(found) => found,
            Err(error) => return ControlFlow::Continue(self.unreadable_file(key, &error)),
        };
        ControlFlow::Continue(self.judge(key, &head, held, found, head.received_at(&file)))
    }

    fn judge(
        &self,
        key: &InstanceKey,
        head: &Head,
        held: Option<&Held>,
        found: Digest,
        received_at: SystemTime,
    ) -> Compared {
        let path = || self.vault.path(key);
        let noted = head.noted.as_ref().map(|noted| noted.digest);
        let recorded = held.map(|held| Digest::from_bytes(held.digest));
        let is_sound = |kept: Option<Digest>| kept.is_none_or(|kept| kept == found);
        match (is_sound(noted), is_sound(recorded)) {
            (true, true) => {}
            // Two witnesses against one.
            (true, false) if noted.is_some() => {
                return Compared::Faulty(Fault::OtherwiseRecorded {
                    path: path(),
                    what: "another checksum of it",
                });
            }
            (false, true) if recorded.is_some() => {
                return self
                    .damaged(key, "the checksum in its header is not that of its data set".to_owned());
            }
            _ => {
                let kept = recorded.or(noted).unwrap_or(found);
                return Compared::Faulty(Fault::Changed { path: path(), found, kept });
            }
        }
        match held {
            Some(held) if held.transfer_syntax_uid != head.transfer_syntax_uid => self.damaged(
                key,
                format!(
                    "its header names transfer syntax {}, {} was kept",
                    head.transfer_syntax_uid, held.transfer_syntax_uid
                ),
            ),
            Some(held) if held.data_set_offset != head.data_set_offset => {
                let what = "another place where its data set begins";
                Compared::Faulty(Fault::OtherwiseRecorded { path: path(), what })
            }
            None if self.catalog.is_some() => Compared::Unrecorded(received_at),
            _ => Compared::Sound,
        }
    }

    /// The checksum of the data set; breaks off when whoever has it verified wants that.
    fn digest(&mut self, file: &InstanceFile, head: &Head) -> ControlFlow<(), io::Result<Digest>> {
        let mut digester = Digester::default();
        let mut offset = u64::from(head.data_set_offset);
        // What stands before the data set was read as well.
        self.inspect.read(offset)?;
        let left = usize::try_from(file.length().saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut buffer = vec![0; left.clamp(1, READ_BYTES)];
        loop {
            let count = match file.read_at(&mut buffer, offset) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return ControlFlow::Continue(Err(error)),
            };
            let Some(piece) = buffer.get(..count).filter(|piece| !piece.is_empty()) else {
                return ControlFlow::Continue(Ok(digester.finish()));
            };
            digester.update(piece);
            offset += count as u64;
            self.verified.bytes += count as u64;
            self.inspect.read(count as u64)?;
        }
    }

    fn damaged(&self, key: &InstanceKey, what: String) -> Compared {
        Compared::Faulty(Fault::Damaged { path: self.vault.path(key), what })
    }

    fn unreadable_file(&self, key: &InstanceKey, error: &dyn std::error::Error) -> Compared {
        Compared::Faulty(Fault::Unreadable { path: self.vault.path(key), what: error.to_string() })
    }
}

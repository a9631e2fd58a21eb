//! The promise: bytes to the vault, then the row to the catalog, then `Kept`.

use std::time::SystemTime;

use catalog::{Held, InstanceRow, Location, Outcome, Place};
use dataset::Walker;
use tracing::{error, info, warn};
use vault::{Digest, Draft, InstanceFile, InstanceKey, KeepFailed, Shortage};
use vocabulary::{AeTitle, Day, Tag};

use crate::{
    Arriving, Duplicates, Holdings, HoldingsError, How, Ingest, Kept, NotKept, Refusal,
    noted::Noted,
    open::{key_of, key_of_place},
    read::{digest_of_data_set, read_head},
    turn::Waited,
};

/// How often another name is tried before something must be wrong with the directory.
const NAMES_TRIED_MAX: u32 = 1_000;

/// What is known of an instance that was checked and only needs its name.
struct Checked {
    row: InstanceRow,
    digest: Digest,
    data_set_offset: u32,
    note_offset: u64,
    data_set_bytes: u64,
    day: Day,
    received_at: SystemTime,
    source_ae_title: Option<AeTitle>,
    /// The attributes that are exported otherwise than they came.
    coerced: Vec<Tag>,
}

/// What is to be done with an instance, given what is held.
enum Course {
    /// Nothing: the current version is the same.
    HeldAlready(InstanceKey),
    /// Keep it under this name.
    Keep(InstanceKey, How),
    /// Keep it under the name of the current version, which is the same but lost its file.
    Restore(InstanceKey, Place),
}

impl Holdings {
    /// Checks an instance whose last byte has come, keeps it and records it. `received_at`: now.
    ///
    /// # Errors
    /// When it cannot be taken, or we fall short; then nothing of it is left, and nothing of what was held before
    /// is touched.
    pub fn keep(&mut self, ingest: Ingest, received_at: SystemTime) -> Result<Kept, NotKept> {
        let (mut checked, mut draft) = self.check(ingest, received_at)?;
        let _alone = self.alone()?;
        self.change(&mut checked)?;
        let mut version_min = 1;
        for _ in 0..NAMES_TRIED_MAX {
            let (key, how, replaced) = match self.course(&mut checked, &mut draft, version_min)? {
                // Who came before and is recorded meanwhile may have made another version current.
                Course::HeldAlready(_) if self.await_turn() == Waited::Yes => continue,
                Course::HeldAlready(key) => return Ok(checked.kept(key, How::HeldAlready)),
                Course::Keep(key, how) => (key, how, None),
                Course::Restore(key, place) => (key, How::HeldAlready, Some(place)),
            };
            let changes = checked.row.changes().to_vec();
            let noted = Noted { digest: checked.digest, received_at: checked.received_at, changes };
            let noted = noted.to_bytes().ok_or_else(|| HoldingsError::Damaged {
                path: self.vault.path(&key),
                what: "the values that were set for it are too long".to_owned(),
            })?;
            draft.overwrite(checked.note_offset, &noted)?;
            match draft.keep(&key) {
                Ok(durable) => {
                    self.await_turn();
                    let mut kept = self.record(checked, key, durable.bytes(), how, replaced)?;
                    if kept.how == How::AnotherVersion && self.rules.duplicates == Duplicates::Replace {
                        kept.how = How::Replaced;
                    }
                    if matches!(kept.how, How::New | How::Replaced)
                        && self.rules.duplicates == Duplicates::Replace
                    {
                        self.replace_others(&kept.key);
                    }
                    return Ok(kept);
                }
                Err(KeepFailed::NameTaken(back)) => {
                    draft = back;
                    self.await_turn();
                    if let Some(kept) = self.adopt(&checked, &mut draft, &key)? {
                        return Ok(kept);
                    }
                    version_min = key.version.saturating_add(1);
                }
                Err(KeepFailed::Short(shortage)) => return Err(shortage.into()),
                Err(KeepFailed::Unsynced(shortage)) => {
                    self.withdraw(&key);
                    return Err(shortage.into());
                }
            }
        }
        Err(HoldingsError::Damaged {
            path: self.vault.path(&checked.key(version_min)),
            what: "its name and very many beside it are taken by files that nobody recorded".to_owned(),
        }
        .into())
    }

    /// Whether the instance can be taken at all, and is what was announced. What is refused is kept to be looked at,
    /// where the rules want that.
    fn check(&self, mut ingest: Ingest, received_at: SystemTime) -> Result<(Checked, Draft), NotKept> {
        let (digest, data_set_bytes) = (ingest.digest(), ingest.data_set_bytes());
        let refused = ingest.refused.take();
        let Ingest { arriving, draft, walker, data_set_offset, note_offset, .. } = ingest;
        let row = refused.map_or(Ok(()), Err).and_then(|()| self.row_of(walker, &arriving));
        let row = match row {
            Ok(row) => row,
            Err(refusal) => {
                self.keep_rejected(draft, &arriving, received_at);
                return Err(refusal.into());
            }
        };
        let source_ae_title = arriving.origin.source_ae_title;
        let day = self.day_of(received_at)?;
        let checked = Checked {
            row,
            digest,
            data_set_offset,
            note_offset,
            data_set_bytes,
            day,
            received_at,
            source_ae_title,
            coerced: Vec::new(),
        };
        Ok((checked, draft))
    }

    fn row_of(&self, walker: Walker, arriving: &Arriving) -> Result<InstanceRow, Refusal> {
        let attributes = walker.finish()?;
        let row = InstanceRow::extract(&attributes, &arriving.transfer_syntax_uid)?;
        if *row.sop_class_uid() != arriving.sop_class_uid {
            let found = row.sop_class_uid().clone();
            return Err(Refusal::OtherSopClass { found, announced: arriving.sop_class_uid.clone() });
        }
        if *row.sop_instance_uid() != arriving.sop_instance_uid {
            let found = row.sop_instance_uid().clone();
            return Err(Refusal::OtherSopInstance { found, announced: arriving.sop_instance_uid.clone() });
        }
        self.rules.check(&row, &attributes)?;
        Ok(row.with_exam_type(&self.rules.exam_types))
    }

    /// Keeps what was refused for diagnosis (CFG-043), if it may be.
    fn keep_rejected(&self, draft: Draft, arriving: &Arriving, received_at: SystemTime) {
        let bytes_max = self.rules.rejected_bytes_max_of(&arriving.origin);
        if bytes_max == 0 {
            return;
        }
        let since = received_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // In the order of time.
        let name = format!("{:020}_{}.dcm", since.as_micros(), arriving.sop_instance_uid);
        match self.vault.reject(draft, &name, bytes_max) {
            Ok(Some(path)) => info!(path = %path.display(), "what was refused is kept to be looked at"),
            Ok(None) => {}
            Err(cause) => warn!("what was refused cannot be kept to be looked at: {cause}"),
        }
    }

    /// Changes what the rules want changed.
    fn change(&self, checked: &mut Checked) -> Result<(), NotKept> {
        if !self.rules.may_change() {
            return Ok(());
        }
        let received = checked.row.clone();
        let mut changes = self.rules.changes(&received);
        // With them: a name is compared as it will be catalogued.
        let row = received.clone().changed(changes.clone()).map_err(Refusal::from)?;
        for change in self.coerced(&row, checked.digest, checked.received_at)? {
            changes.retain(|other| other.tag != change.tag);
            changes.push(change);
        }
        changes.sort_unstable_by_key(|change| change.tag);
        checked.coerced = changes
            .iter()
            .filter(|change| change.exported != received.value(change.tag))
            .map(|change| change.tag)
            .collect();
        if !changes.is_empty() {
            checked.row = received.changed(changes).map_err(Refusal::from)?;
        }
        Ok(())
    }

    /// Compares with what is held under the same SOP Instance UID in the same series.
    fn course(&self, checked: &mut Checked, draft: &mut Draft, version_min: u32) -> Result<Course, NotKept> {
        let held = self.catalog.locate(checked.row.sop_instance_uid())?;
        let mut version_next = version_min;
        let mut current = None;
        for version in held {
            if !checked.is_in_series_of(&version) {
                continue;
            }
            version_next = version_next.max(version.place.version.saturating_add(1));
            if version.current {
                // A clock that was set back must not make the newer one the older one.
                checked.received_at = checked.received_at.max(version.received_at);
                current = Some(version);
            }
        }
        // The name of what was replaced would stand for two, if a power cut brought the row of that back.
        while self.rules.duplicates == Duplicates::Replace
            && self.vault.has_set_aside(&checked.key(version_next))
        {
            version_next = version_next.saturating_add(1);
        }
        match current {
            // The sender's last word is current: an older version that comes again is kept again.
            Some(current) if checked.looks_like(&current) => self.compare(checked, draft, current),
            Some(_) => Ok(Course::Keep(checked.key(version_next), How::AnotherVersion)),
            None => Ok(Course::Keep(checked.key(version_next), How::New)),
        }
    }

    /// The current version has the same checksum: whether its file is there and is the same.
    fn compare(&self, checked: &Checked, draft: &mut Draft, current: Held) -> Result<Course, NotKept> {
        let key = key_of(&current);
        let file = match self.vault.open_instance(&key) {
            Ok(file) => file,
            Err(Shortage::Missing { path, .. }) => {
                warn!(path = %path.display(), "the file was gone, the same data set has just come again and takes its place");
                return Ok(Course::Restore(key, current.place));
            }
            Err(other) => return Err(other.into()),
        };
        if self.is_same(checked, &draft.reopen()?, &file, current.data_set_offset, &key)? {
            return Ok(Course::HeldAlready(key));
        }
        let found = digest_of_data_set(&file, current.data_set_offset)
            .map_err(|source| self.file_error(&key, source))?;
        if found == checked.digest {
            return Err(Refusal::SameChecksum(checked.row.sop_instance_uid().clone()).into());
        }
        let aside = self.vault.set_aside(&key)?;
        warn!(
            path = %self.vault.path(&key).display(),
            aside = %aside.display(),
            "the file was damaged, the same data set has just come again and takes its place"
        );
        Ok(Course::Restore(key, current.place))
    }

    /// A file that is not recorded has the name: the one of an association that stored the same at the same moment,
    /// or of a process that ended before it could record it. If it is the same data set, it is taken as it is.
    fn adopt(
        &mut self,
        checked: &Checked,
        draft: &mut Draft,
        key: &InstanceKey,
    ) -> Result<Option<Kept>, NotKept> {
        if self.is_recorded(key)? {
            return Ok(None);
        }
        let file = match self.vault.open_instance(key) {
            Ok(file) => file,
            Err(Shortage::Missing { .. }) => return Ok(None),
            Err(other) => return Err(other.into()),
        };
        let Ok(head) = read_head(&file) else { return Ok(None) };
        if head.transfer_syntax_uid != *checked.row.transfer_syntax_uid()
            || head.changes() != checked.row.changes()
            || !self.is_same(checked, &draft.reopen()?, &file, head.data_set_offset, key)?
        {
            return Ok(None);
        }
        // Whoever wrote it may not have come to the end of its syncs.
        match self.vault.make_durable(key) {
            Ok(()) => {}
            // Or has withdrawn it: somebody else's is recorded.
            Err(Shortage::Missing { .. }) => return Ok(None),
            Err(other) => return Err(other.into()),
        }
        // As a reindex would find it: its own time and sender, not ours.
        let location = head.location(&file, key, checked.digest);
        let recorded = self.catalog.record(&checked.row, &location)?;
        let held_at = match recorded.outcome() {
            Outcome::SameDataSet(place) => key_of_place(place),
            Outcome::New | Outcome::NewVersion { .. } | Outcome::AlreadyRecorded => key.clone(),
        };
        // Whoever wrote it may have withdrawn it meanwhile, having found no row.
        match self.vault.open_instance(&held_at) {
            Ok(_) => Ok(Some(checked.kept_at(held_at, How::HeldAlready))),
            Err(Shortage::Missing { .. }) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }

    /// Puts the row of a file that has just got its name into the catalog; `replaced` is the row of a lost file whose
    /// name it has, and whose length may have been another.
    fn record(
        &mut self,
        checked: Checked,
        key: InstanceKey,
        bytes: u64,
        how: How,
        replaced: Option<Place>,
    ) -> Result<Kept, NotKept> {
        let removed = replaced.map_or(Ok(()), |place| self.catalog.remove(&place));
        let location = checked.location(&key, bytes);
        let recorded = match removed.and_then(|()| self.catalog.record(&checked.row, &location)) {
            Ok(recorded) => recorded,
            Err(error) => {
                self.withdraw(&key);
                return Err(error.into());
            }
        };
        match recorded.outcome() {
            Outcome::New | Outcome::AlreadyRecorded => Ok(checked.kept(key, how)),
            Outcome::NewVersion { .. } => Ok(checked.kept(key, How::AnotherVersion)),
            Outcome::SameDataSet(place) => {
                // Another association was faster with the same data set.
                let other = key_of_place(place);
                let same = self.is_same_held(&checked, &key, &other);
                self.withdraw(&key);
                if same? {
                    Ok(checked.kept(other, How::HeldAlready))
                } else {
                    Err(Refusal::SameChecksum(checked.row.sop_instance_uid().clone()).into())
                }
            }
        }
    }

    /// Whether two files of the vault have the same data set.
    fn is_same_held(
        &self,
        checked: &Checked,
        ours: &InstanceKey,
        other: &InstanceKey,
    ) -> Result<bool, HoldingsError> {
        let other_file = self.vault.open_instance(other)?;
        let head = read_head(&other_file).map_err(|error| HoldingsError::Damaged {
            path: self.vault.path(other),
            what: error.to_string(),
        })?;
        self.is_same(checked, &self.vault.open_instance(ours)?, &other_file, head.data_set_offset, other)
    }

    /// Takes a file that could not be recorded, or not be synced, out of the vault again, unless somebody has recorded it after all.
    fn withdraw(&self, key: &InstanceKey) {
        let withdrawn = self.vault.withdraw(key).map_err(HoldingsError::from).and_then(|draft| {
            // From here on nobody who records it finds the file; who did so before is seen here.
            if self.is_recorded(key).unwrap_or(true) {
                match draft.keep(key) {
                    Ok(_) | Err(KeepFailed::NameTaken(_)) => {}
                    Err(KeepFailed::Short(shortage) | KeepFailed::Unsynced(shortage)) => {
                        return Err(shortage.into());
                    }
                }
            }
            Ok(())
        });
        if let Err(cause) = withdrawn {
            error!(path = %self.vault.path(key).display(), %cause, "a file that was not recorded could not be withdrawn, the next start after an unclean end records it");
        }
    }

    fn is_recorded(&self, key: &InstanceKey) -> Result<bool, HoldingsError> {
        Ok(self.catalog.locate(&key.sop_instance)?.iter().any(|held| key_of(held) == *key))
    }

    fn is_same(
        &self,
        checked: &Checked,
        ours: &InstanceFile,
        other: &InstanceFile,
        other_offset: u32,
        other_key: &InstanceKey,
    ) -> Result<bool, HoldingsError> {
        ours.is_same_from(u64::from(checked.data_set_offset), other, u64::from(other_offset))
            .map_err(|source| self.file_error(other_key, source))
    }

    fn file_error(&self, key: &InstanceKey, source: std::io::Error) -> HoldingsError {
        HoldingsError::File { path: self.vault.path(key), source }
    }
}

impl Checked {
    fn is_in_series_of(&self, held: &Held) -> bool {
        held.place.series_instance_uid == *self.row.series_instance_uid()
            && held.place.study_instance_uid == *self.row.study_instance_uid()
    }

    fn looks_like(&self, held: &Held) -> bool {
        held.digest == *self.digest.as_bytes() && held.transfer_syntax_uid == *self.row.transfer_syntax_uid()
    }

    fn key(&self, version: u32) -> InstanceKey {
        InstanceKey {
            day: self.day,
            study: self.row.study_instance_uid().clone(),
            series: self.row.series_instance_uid().clone(),
            sop_instance: self.row.sop_instance_uid().clone(),
            version,
        }
    }

    fn location(&self, key: &InstanceKey, bytes: u64) -> Location {
        Location {
            day: key.day,
            version: key.version,
            bytes,
            data_set_offset: self.data_set_offset,
            digest: *self.digest.as_bytes(),
            received_at: self.received_at,
            source_ae_title: self.source_ae_title.clone(),
        }
    }

    fn kept(self, key: InstanceKey, how: How) -> Kept {
        self.kept_at(key, how)
    }

    fn kept_at(&self, key: InstanceKey, how: How) -> Kept {
        let coerced = self.coerced.clone();
        let patient_id = self.row.value(Tag(0x0010, 0x0020)).to_owned();
        Kept { how, key, digest: self.digest, data_set_bytes: self.data_set_bytes, coerced, patient_id }
    }
}

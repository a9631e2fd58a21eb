//! What is changed about an instance because of what is held: its SOP Instance UID, its Patient ID; and what it replaces.

use std::time::SystemTime;

use catalog::{Change, InstanceRow};
use tracing::{error, info, warn};
use vault::{Digest, Digester, InstanceKey, Locked};
use vocabulary::{Tag, Uid};

use crate::{Duplicates, Holdings, HoldingsError, PatientIdConflict, open::key_of};

const SOP_INSTANCE_UID: Tag = Tag(0x0008, 0x0018);
const PATIENT_NAME: Tag = Tag(0x0010, 0x0010);
const PATIENT_ID: Tag = Tag(0x0010, 0x0020);

/// Whoever looks at what is held before he keeps, and must not be wrong when he has kept, holds this one's lock.
const LOCK: &str = "arrival.lock";

/// Characters of a Patient ID (PS3.5 6.2, LO).
const PATIENT_ID_CHARACTERS_MAX: usize = 64;

/// Bytes of the checksum of a name that make a Patient ID another one.
const NAME_BYTES: usize = 4;

/// How many UIDs or IDs are tried: a second one is needed once in an age.
const TRIED_MAX: u32 = 100;

/// While it lives no other association of these holdings looks at what is held to change something for it.
pub(crate) struct Alone {
    _lock: Option<Box<dyn Locked>>,
}

impl Holdings {
    /// Waits until nobody else looks at what is held, if what becomes of an instance depends on it.
    pub(crate) fn alone(&mut self) -> Result<Alone, HoldingsError> {
        if !self.rules.one_at_a_time() {
            return Ok(Alone { _lock: None });
        }
        // The turn comes first: whoever waits for his must not hold what the others need for theirs.
        self.await_turn();
        Ok(Alone { _lock: Some(self.vault.lock(LOCK)?) })
    }

    /// What is changed of an instance because of what is held.
    pub(crate) fn coerced(
        &self,
        row: &InstanceRow,
        digest: Digest,
        received_at: SystemTime,
    ) -> Result<Vec<Change>, HoldingsError> {
        let mut changes = Vec::new();
        if self.rules.duplicates == Duplicates::NewUid
            && !self.catalog.locate(row.sop_instance_uid())?.is_empty()
        {
            changes.push(Change::new(SOP_INSTANCE_UID, self.new_uid(row, digest, received_at)?.as_str()));
        }
        if self.rules.patient_id_conflict == PatientIdConflict::Coerce
            && let Some(patient_id) = self.new_patient_id(row)?
        {
            changes.push(Change::new(PATIENT_ID, patient_id));
        }
        Ok(changes)
    }

    /// A UID that nothing has, of a UUID (PS3.5 B.2) of version 8 (RFC 9562 5.8).
    fn new_uid(
        &self,
        row: &InstanceRow,
        digest: Digest,
        received_at: SystemTime,
    ) -> Result<Uid, HoldingsError> {
        let uid = row.sop_instance_uid();
        let since = received_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        for attempt in 0..TRIED_MAX {
            let text = format!("{}\n{uid}\n{digest}\n{since}\n{attempt}", Uid::ROOT);
            let hash = u128::from_be_bytes(*digest_of(&text).as_bytes());
            let version = (hash & !(0xF << 76)) | (8 << 76);
            let uuid = (version & !(0x3 << 62)) | (0x2 << 62);
            let Ok(new) = Uid::parse(&format!("2.25.{uuid}")) else { continue };
            if self.catalog.locate(&new)?.is_empty() {
                info!(instance = %uid, kept_as = %new, "the SOP Instance UID is held already, the newcomer gets another one");
                return Ok(new);
            }
        }
        Err(HoldingsError::NoneFree("SOP Instance UID"))
    }

    /// Another Patient ID, if the one of the instance is known with another name (SIL-076).
    fn new_patient_id(&self, row: &InstanceRow) -> Result<Option<String>, HoldingsError> {
        let (patient_id, name) = (row.value(PATIENT_ID), row.value(PATIENT_NAME));
        if patient_id.is_empty() || !self.catalog.is_another_patient(row)? {
            return Ok(None);
        }
        let comparable = catalog::comparable_name(name);
        for attempt in 0..TRIED_MAX {
            let digest = digest_of(&format!("{patient_id}\n{comparable}\n{attempt}"));
            let digits: String =
                digest.as_bytes().iter().take(NAME_BYTES).map(|byte| format!("{byte:02X}")).collect();
            let kept = PATIENT_ID_CHARACTERS_MAX - 1 - digits.len();
            let new = format!("{}-{digits}", patient_id.chars().take(kept).collect::<String>());
            let Ok(changed) = row.clone().changed(vec![Change::new(PATIENT_ID, new.as_str())]) else {
                continue;
            };
            if !self.catalog.is_another_patient(&changed)? {
                info!(instance = %row.sop_instance_uid(), "the Patient ID is known with another name, it is changed");
                return Ok(Some(new));
            }
        }
        Err(HoldingsError::NoneFree("Patient ID"))
    }

    /// Sets aside what an instance that was just kept replaces (SCP-042). What cannot be is held as an earlier version.
    pub(crate) fn replace_others(&mut self, newer: &InstanceKey) {
        let others = match self.catalog.locate(&newer.sop_instance) {
            Ok(held) => held.into_iter().filter(|held| key_of(held) != *newer),
            Err(cause) => {
                error!(instance = %newer.sop_instance, %cause, "what an instance replaces cannot be found");
                return;
            }
        };
        for held in others {
            let key = key_of(&held);
            // The file first: a row without one is found by what lies there, a file without a row only if it is new.
            let aside = self.vault.set_aside(&key).map_err(HoldingsError::from);
            match aside.and_then(|aside| Ok(self.catalog.remove(&held.place).map(|()| aside)?)) {
                Ok(aside) => {
                    warn!(instance = %newer.sop_instance, aside = %aside.display(), "replaced an instance by one that came later");
                }
                Err(cause) => {
                    error!(path = %self.vault.path(&key).display(), %cause, "an instance that was replaced cannot be set aside");
                }
            }
        }
    }
}

fn digest_of(text: &str) -> Digest {
    let mut digester = Digester::default();
    digester.update(text.as_bytes());
    digester.finish()
}

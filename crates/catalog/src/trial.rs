//! What the tests are made of: catalogs in temporary folders, instances from a few attributes, queries from a few keys.

use std::time::{Duration, SystemTime};

use dataset::{Identifier, Walker};
use vocabulary::{AeTitle, Day, Encoding, InformationModel, Level, Tag, Uid, Vr};

use crate::{
    Access, Catalog, Encoder, Filling, InstanceRow, Location, Outcome, Query, QueryRefused, QueryRules, keys,
};

pub(crate) const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
pub(crate) const SR: &str = "1.2.840.10008.5.1.4.1.1.88.11";

pub(crate) const SPECIFIC_CHARACTER_SET: Tag = Tag(0x0008, 0x0005);
pub(crate) const SOP_CLASS_UID: Tag = Tag(0x0008, 0x0016);
pub(crate) const SOP_INSTANCE_UID: Tag = Tag(0x0008, 0x0018);
pub(crate) const STUDY_DATE: Tag = Tag(0x0008, 0x0020);
pub(crate) const STUDY_TIME: Tag = Tag(0x0008, 0x0030);
pub(crate) const ACCESSION_NUMBER: Tag = Tag(0x0008, 0x0050);
pub(crate) const LEVEL: Tag = Tag(0x0008, 0x0052);
pub(crate) const MODALITY: Tag = Tag(0x0008, 0x0060);
pub(crate) const MODALITIES_IN_STUDY: Tag = Tag(0x0008, 0x0061);
pub(crate) const SOP_CLASSES_IN_STUDY: Tag = Tag(0x0008, 0x0062);
pub(crate) const STUDY_DESCRIPTION: Tag = Tag(0x0008, 0x1030);
pub(crate) const PATIENT_NAME: Tag = Tag(0x0010, 0x0010);
pub(crate) const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
pub(crate) const ISSUER_OF_PATIENT_ID: Tag = Tag(0x0010, 0x0021);
pub(crate) const BIRTH_DATE: Tag = Tag(0x0010, 0x0030);
pub(crate) const SEX: Tag = Tag(0x0010, 0x0040);
pub(crate) const STUDY_INSTANCE_UID: Tag = Tag(0x0020, 0x000D);
pub(crate) const SERIES_INSTANCE_UID: Tag = Tag(0x0020, 0x000E);
pub(crate) const STUDY_ID: Tag = Tag(0x0020, 0x0010);
pub(crate) const SERIES_NUMBER: Tag = Tag(0x0020, 0x0011);
pub(crate) const INSTANCE_NUMBER: Tag = Tag(0x0020, 0x0013);
pub(crate) const PATIENT_STUDIES: Tag = Tag(0x0020, 0x1200);
pub(crate) const PATIENT_SERIES: Tag = Tag(0x0020, 0x1202);
pub(crate) const PATIENT_INSTANCES: Tag = Tag(0x0020, 0x1204);
pub(crate) const STUDY_SERIES: Tag = Tag(0x0020, 0x1206);
pub(crate) const STUDY_INSTANCES: Tag = Tag(0x0020, 0x1208);
pub(crate) const SERIES_INSTANCES: Tag = Tag(0x0020, 0x1209);

/// A catalog that is gone with the folder.
pub(crate) struct Trial {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) catalog: Catalog,
}

impl Trial {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(&folder.path().join("catalog.sqlite"), Access::ReadWrite).unwrap();
        Self { folder, catalog }
    }

    /// Another connection to the same catalog.
    pub(crate) fn another(&self, access: Access) -> Catalog {
        Catalog::open(&self.folder.path().join("catalog.sqlite"), access).unwrap()
    }

    /// A connection of SQLite itself.
    pub(crate) fn connection(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.path().join("catalog.sqlite")).unwrap()
    }

    pub(crate) fn add(&mut self, elements: &[(Tag, &str)]) -> Outcome {
        self.keep(&row(elements), 1)
    }

    /// Records an instance as the `number`th file that was received.
    pub(crate) fn keep(&mut self, row: &InstanceRow, number: u32) -> Outcome {
        self.catalog.record(row, &location(number)).unwrap().outcome().clone()
    }

    /// A catalog with these instances in the place of the one there is.
    pub(crate) fn fill(&mut self, rows: &[(InstanceRow, Location)]) {
        let path = self.folder.path().join("filled.sqlite");
        let mut filling = Filling::begin(&path).unwrap();
        for (row, location) in rows {
            assert_eq!(*filling.record(row, location).unwrap().outcome(), Outcome::New);
        }
        filling.finish().unwrap();
        let place = self.folder.path().join("catalog.sqlite");
        for end in ["-wal", "-shm"] {
            std::fs::remove_file(format!("{}{end}", place.display())).unwrap();
        }
        std::fs::rename(path, &place).unwrap();
        self.catalog = Catalog::open(&place, Access::ReadWrite).unwrap();
    }

    /// The answers to a query, each as its values in the order of `keys`, sorted.
    pub(crate) fn answers(&self, query: &Query, keys: &[Tag]) -> Vec<Vec<String>> {
        let mut answers = Vec::new();
        let mut find = self.catalog.find(query).unwrap();
        let mut matches = find.matches().unwrap();
        while let Some(answer) = matches.next().unwrap() {
            answers.push(keys.iter().map(|key| answer.text(*key).unwrap().unwrap().into_owned()).collect());
        }
        answers.sort();
        answers
    }

    /// The answers to a query as the peer reads them.
    pub(crate) fn responses(&self, query: &Query) -> Vec<Identifier> {
        let mut responses = Vec::new();
        let mut find = self.catalog.find(query).unwrap();
        let mut matches = find.matches().unwrap();
        let encoding = Encoding::ImplicitLittleEndian;
        let mut encoder = Encoder::new(query, encoding, &AeTitle::parse("ARCHIVE").unwrap());
        while let Some(answer) = matches.next().unwrap() {
            let mut bytes = Vec::new();
            encoder.encode(&answer, &mut bytes).unwrap();
            responses.push(Identifier::read(&bytes, encoding).unwrap());
        }
        responses
    }
}

/// A data set in UTF-8.
pub(crate) fn identifier(elements: &[(Tag, &str)]) -> Identifier {
    let mut identifier = Identifier::new();
    identifier.set(SPECIFIC_CHARACTER_SET, Vr::CS, b"ISO_IR 192");
    for (tag, text) in elements {
        identifier.set(*tag, dataset::vr_of(*tag), text.as_bytes());
    }
    identifier
}

/// What the catalog takes from a data set.
pub(crate) fn row_of(data_set: &Identifier) -> InstanceRow {
    let encoding = Encoding::ExplicitLittleEndian;
    let mut walker = Walker::new(encoding, keys::wanted_tags());
    walker.push(&data_set.to_bytes(encoding)).unwrap();
    let syntax = Uid::known(vocabulary::transfer_syntax::EXPLICIT_VR_LITTLE_ENDIAN);
    InstanceRow::extract(&walker.finish().unwrap(), &syntax).unwrap()
}

/// An instance with these attributes, and a CT image in one and the same series where they say nothing else.
pub(crate) fn row(elements: &[(Tag, &str)]) -> InstanceRow {
    let mut data_set = identifier(&[
        (SOP_CLASS_UID, CT),
        (SOP_INSTANCE_UID, "1.2.3.1.1.1"),
        (STUDY_INSTANCE_UID, "1.2.3.1"),
        (SERIES_INSTANCE_UID, "1.2.3.1.1"),
        (MODALITY, "CT"),
        (PATIENT_ID, "P1"),
        (PATIENT_NAME, "Doe^Jane"),
    ]);
    for (tag, text) in elements {
        data_set.set(*tag, dataset::vr_of(*tag), text.as_bytes());
    }
    row_of(&data_set)
}

/// The place of the `number`th file that was received.
pub(crate) fn location(number: u32) -> Location {
    let mut digest = [0; 16];
    digest[..4].copy_from_slice(&number.to_le_bytes());
    Location {
        day: Day::from_number(20240102).unwrap(),
        version: number,
        bytes: 1000 + u64::from(number),
        data_set_offset: 300,
        digest,
        received_at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_153_600 + u64::from(number)),
        source_ae_title: Some(AeTitle::parse("CT1").unwrap()),
    }
}

pub(crate) fn try_query(
    model: InformationModel,
    level: &str,
    keys: &[(Tag, &str)],
    rules: &QueryRules,
) -> Result<Query, QueryRefused> {
    let mut identifier = identifier(keys);
    identifier.set(LEVEL, Vr::CS, level.as_bytes());
    Query::from_identifier(model, &identifier, rules)
}

/// A query under the standard rules: patients under patient root, all else under study root.
pub(crate) fn query(level: Level, keys: &[(Tag, &str)]) -> Query {
    let model = match level {
        Level::Patient => InformationModel::PatientRoot,
        _ => InformationModel::StudyRoot,
    };
    try_query(model, level.as_str(), keys, &QueryRules::STANDARD).unwrap()
}

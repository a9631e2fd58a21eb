//! Identifiers of C-FIND, C-MOVE and C-GET, against a small catalog.

use std::time::{Duration, SystemTime};

use catalog::{Access, Catalog, Encoder, InstanceRow, Location, Query, QueryRules, Retrieve, keys};
use dataset::{Identifier, Walker};
use vocabulary::{AeTitle, Day, Encoding, InformationModel, Tag, Uid, Vr};

const ENCODINGS: [Encoding; 3] =
    [Encoding::ImplicitLittleEndian, Encoding::ExplicitLittleEndian, Encoding::ExplicitBigEndian];
const MODELS: [InformationModel; 3] =
    [InformationModel::PatientRoot, InformationModel::StudyRoot, InformationModel::PatientStudyOnly];

/// Instances in the catalog: of four patients, two studies each, two series each.
const INSTANCES: u32 = 32;
const NAMES: [&str; 4] = ["Doe^Jane", "Yamada^Tarou=山田^太郎=やまだ^たろう", "Müller^Jörg^A^Dr", ""];

/// A data set that the catalog takes in: in explicit VR little endian.
fn instance(number: u32) -> Identifier {
    let (patient, study, series) = (number / 8, number / 4, number / 2);
    let mut data_set = Identifier::new();
    data_set.set(Tag(0x0008, 0x0005), Vr::CS, b"ISO_IR 192");
    for (tag, text) in [
        (Tag(0x0008, 0x0016), "1.2.840.10008.5.1.4.1.1.2".to_owned()),
        (Tag(0x0008, 0x0018), format!("1.2.3.{patient}.{study}.{series}.{number}")),
        (Tag(0x0008, 0x0020), format!("202401{:02}", study + 1)),
        (Tag(0x0008, 0x0030), format!("{:02}3000", study + 8)),
        (Tag(0x0008, 0x0050), format!("A{study}")),
        (Tag(0x0008, 0x0060), if series % 2 == 0 { "CT" } else { "SR" }.to_owned()),
        (Tag(0x0008, 0x1030), format!("Abdomen {study}%_")),
        (Tag(0x0010, 0x0010), NAMES[patient as usize % NAMES.len()].to_owned()),
        (Tag(0x0010, 0x0020), format!("P{patient}")),
        (Tag(0x0010, 0x0030), "19700101".to_owned()),
        (Tag(0x0010, 0x0040), "F".to_owned()),
        (Tag(0x0020, 0x000D), format!("1.2.3.{patient}.{study}")),
        (Tag(0x0020, 0x000E), format!("1.2.3.{patient}.{study}.{series}")),
        (Tag(0x0020, 0x0010), format!("{study}")),
        (Tag(0x0020, 0x0011), format!("{series}")),
        (Tag(0x0020, 0x0013), format!("{number}")),
    ] {
        data_set.set(tag, dataset::vr_of(tag), text.as_bytes());
    }
    data_set
}

/// An instance as a recorder is told of it.
pub fn row(number: u32) -> InstanceRow {
    let encoding = Encoding::ExplicitLittleEndian;
    let mut walker = Walker::new(encoding, keys::wanted_tags());
    walker.push(&instance(number).to_bytes(encoding)).unwrap();
    let syntax = Uid::known(vocabulary::transfer_syntax::EXPLICIT_VR_LITTLE_ENDIAN);
    InstanceRow::extract(&walker.finish().unwrap(), &syntax).unwrap()
}

/// Where its file lies.
pub fn location(number: u32) -> Location {
    Location {
        day: Day::from_number(20_240_102).unwrap(),
        version: number,
        bytes: 1000,
        data_set_offset: 300,
        digest: [7; 16],
        received_at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_153_600),
        source_ae_title: AeTitle::parse("CT1").ok(),
    }
}

struct Held {
    _folder: tempfile::TempDir,
    catalog: Catalog,
}

impl Held {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut catalog = Catalog::open(&folder.path().join("catalog.sqlite"), Access::ReadWrite).unwrap();
        for number in 0..INSTANCES {
            drop(catalog.record(&row(number), &location(number)).unwrap());
        }
        Self { _folder: folder, catalog }
    }
}

thread_local! {
    static HELD: Held = Held::new();
}

/// An identifier: the first byte says its encoding, the model and the rules.
pub fn query(bytes: &[u8]) {
    let Some((how, bytes)) = bytes.split_first() else { return };
    let encoding = ENCODINGS[usize::from(*how) % 3];
    let model = MODELS[usize::from(*how / 3) % 3];
    let rules = if how & 0x80 == 0 { QueryRules::STANDARD } else { QueryRules::ANNEX_F };
    let Ok(identifier) = Identifier::read(bytes, encoding) else { return };
    HELD.with(|held| {
        find(&held.catalog, model, &identifier, &rules);
        retrieve(&held.catalog, model, &identifier, &rules);
    });
}

fn find(catalog: &Catalog, model: InformationModel, identifier: &Identifier, rules: &QueryRules) {
    let query = match Query::from_identifier(model, identifier, rules) {
        Ok(query) => query,
        Err(refused) => {
            assert!(refused.comment.chars().count() <= 64, "a comment is as long as its VR lets it be");
            return;
        }
    };
    let mut find = catalog.find(&query).expect("what was taken can be asked");
    let mut matches = find.matches().expect("it can be run");
    let encoding = Encoding::ExplicitLittleEndian;
    let mut encoder = Encoder::new(&query, encoding, &AeTitle::parse("ARCHIVE").unwrap());
    let mut found = 0;
    while let Some(answer) = matches.next().expect("it can be walked through") {
        found += 1;
        assert!(found <= INSTANCES, "no more than there is");
        let mut response = Vec::new();
        encoder.encode(&answer, &mut response).expect("an answer can be written");
        let response = Identifier::read(&response, encoding).expect("and read");
        for tag in query.returned_keys() {
            assert!(response.is_present(tag), "{tag} was asked for");
        }
    }
}

fn retrieve(catalog: &Catalog, model: InformationModel, identifier: &Identifier, rules: &QueryRules) {
    let Ok(retrieve) = Retrieve::from_identifier(model, identifier, rules) else { return };
    let held = catalog.select(&retrieve).expect("what was taken can be asked");
    assert!(held.len() <= INSTANCES as usize);
    let retrieval = catalog.retrieve(&retrieve).expect("what was taken can be asked");
    assert_eq!(retrieval.instances(), held.len() as u64);
}

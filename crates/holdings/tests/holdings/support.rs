//! Instances to be kept, and what the holdings have of them.

use std::{
    collections::BTreeSet,
    fs,
    io::Read,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use catalog::Held;
use dataset::DataSetWriter;
use holdings::{Arriving, Finding, Holdings, HoldingsRules, Kept, NotKept, Origin};
use vocabulary::{AeTitle, Encoding, Tag, Uid, Vr};

pub(crate) const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";
pub(crate) const MR_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.4";
pub(crate) const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub(crate) const IMPLICIT: &str = "1.2.840.10008.1.2";

/// A small instance; what is `None` is left out.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) sop_class: Option<&'static str>,
    pub(crate) sop_instance: Option<String>,
    pub(crate) study: Option<&'static str>,
    pub(crate) series: Option<&'static str>,
    pub(crate) patient_name: &'static str,
    pub(crate) study_description: Option<&'static str>,
    pub(crate) pixels: Vec<u8>,
}

impl Instance {
    pub(crate) fn new(sop_instance: &str) -> Self {
        Self {
            sop_class: Some(CT_IMAGE),
            sop_instance: Some(sop_instance.to_owned()),
            study: Some("1.2.3"),
            series: Some("1.2.3.4"),
            patient_name: "Doe^Jane",
            study_description: None,
            pixels: (0..5_000_u32).map(|i| (i % 251) as u8).collect(),
        }
    }

    /// The same with other pixels.
    pub(crate) fn retouched(&self, first_byte: u8) -> Self {
        let mut other = self.clone();
        other.pixels[0] = first_byte;
        other
    }

    pub(crate) fn data_set(&self, encoding: Encoding) -> Vec<u8> {
        let mut writer = DataSetWriter::new(encoding);
        let mut text = |tag, vr, value: Option<&str>| {
            if let Some(value) = value {
                writer.text(tag, vr, value);
            }
        };
        text(Tag(0x0008, 0x0016), Vr::UI, self.sop_class);
        text(Tag(0x0008, 0x0018), Vr::UI, self.sop_instance.as_deref());
        text(Tag(0x0008, 0x1030), Vr::LO, self.study_description);
        text(Tag(0x0010, 0x0010), Vr::PN, Some(self.patient_name));
        text(Tag(0x0010, 0x0020), Vr::LO, Some("4711"));
        text(Tag(0x0020, 0x000D), Vr::UI, self.study);
        text(Tag(0x0020, 0x000E), Vr::UI, self.series);
        writer.element(Tag(0x7FE0, 0x0010), Vr::OW, &self.pixels);
        writer.into_bytes()
    }

    pub(crate) fn sop_instance_uid(&self) -> Uid {
        uid(self.sop_instance.as_deref().unwrap())
    }
}

pub(crate) fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap()
}

/// Noon on 2026-11-23, and as many days later.
pub(crate) fn noon(days_later: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs((20_780 + days_later) * 86_400 + 43_200)
}

pub(crate) fn origin() -> Origin {
    Origin {
        implementation_class_uid: uid("1.2.3.4.5"),
        implementation_version_name: "TEST_1".to_owned(),
        source_ae_title: Some(AeTitle::parse("MODALITY").unwrap()),
    }
}

pub(crate) fn arriving(instance: &Instance) -> Arriving {
    Arriving {
        sop_class_uid: uid(instance.sop_class.unwrap_or(CT_IMAGE)),
        sop_instance_uid: uid(instance.sop_instance.as_deref().unwrap_or("1.9")),
        transfer_syntax_uid: uid(EXPLICIT),
        origin: origin(),
    }
}

pub(crate) fn open(data: &Path) -> Holdings {
    Holdings::open(data, HoldingsRules::default()).unwrap()
}

/// Lets an instance arrive in pieces and keeps it.
pub(crate) fn keep(holdings: &mut Holdings, instance: &Instance) -> Result<Kept, NotKept> {
    keep_bytes(holdings, arriving(instance), &instance.data_set(Encoding::ExplicitLittleEndian), noon(0))
}

pub(crate) fn keep_bytes(
    holdings: &mut Holdings,
    arriving: Arriving,
    data_set: &[u8],
    received_at: SystemTime,
) -> Result<Kept, NotKept> {
    let mut ingest = holdings.begin(arriving)?;
    for piece in data_set.chunks(1_000) {
        ingest.write(piece)?;
    }
    holdings.keep(ingest, received_at)
}

/// The data set that is sent when an instance is retrieved.
pub(crate) fn data_set_of(holdings: &Holdings, held: &Held) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut open = holdings.open_instance(held).unwrap();
    let length = open.data_set_bytes();
    open.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len() as u64, length);
    bytes
}

/// The only current version of an instance.
pub(crate) fn current(holdings: &Holdings, instance: &Instance) -> Option<Held> {
    let held = holdings.locate(&instance.sop_instance_uid()).unwrap();
    let mut current = held.into_iter().filter(|held| held.current);
    let only = current.next();
    assert!(current.next().is_none(), "two are current");
    only
}

/// Every file below a directory.
pub(crate) fn files_below(directory: &Path) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(directory) = waiting.pop() {
        let Ok(entries) = fs::read_dir(directory) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                files.insert(path);
            }
        }
    }
    files
}

/// Starts, and gives all that was found.
pub(crate) fn start(holdings: &mut Holdings) -> (holdings::Started, Vec<Finding>) {
    let mut findings = Vec::new();
    let started = holdings.start(&mut |finding| findings.push(finding.clone())).unwrap();
    (started, findings)
}

/// Everything that the catalog says, row by row: of each table its name, then the values in the order of the columns.
pub(crate) fn exported(data: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(data.join("catalog.sqlite")).unwrap();
    let mut exported = Vec::new();
    for table in ["patient", "study", "study_has", "series", "instance", "patient_text", "study_text"] {
        let order = if table.ends_with("_text") { "rowid" } else { "1, 2, 3" };
        let columns = if table.ends_with("_text") { "rowid" } else { "*" };
        let mut select =
            connection.prepare(&format!("SELECT {columns} FROM {table} ORDER BY {order}")).unwrap();
        let count = select.column_count();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<_> = (0..count).map(|at| format!("{:?}", row.get_ref(at).unwrap())).collect();
            exported.push(format!("{table}: {}", values.join(", ")));
        }
    }
    exported
}

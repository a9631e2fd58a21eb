//! How long it takes from the bytes of an identifier to a statement that runs: read, understood, turned into SQL and
//! prepared; and to the first match, in a small catalog so that the search itself counts little.

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::SystemTime;

use catalog::{Access, Catalog, CatalogError, InstanceRow, Location, Query, QueryRefused, QueryRules, keys};
use criterion::{BenchmarkId, Criterion};
use dataset::{Identifier, Walker};
use vocabulary::{Day, Encoding, InformationModel, Tag, Uid, Vr, transfer_syntax};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Keys with values: group, element, value.
type Keys<'a> = &'a [(u16, u16, &'a str)];

const ENCODING: Encoding = Encoding::ImplicitLittleEndian;
const MODEL: InformationModel = InformationModel::StudyRoot;

const STUDIES: u32 = 200;

/// The keys of a usual study list, twelve of them.
const STUDY_LIST: [(u16, u16); 12] = [
    (0x0008, 0x0020),
    (0x0008, 0x0030),
    (0x0008, 0x0050),
    (0x0008, 0x0061),
    (0x0008, 0x1030),
    (0x0010, 0x0010),
    (0x0010, 0x0020),
    (0x0010, 0x0030),
    (0x0010, 0x0040),
    (0x0020, 0x000D),
    (0x0020, 0x1206),
    (0x0020, 0x1208),
];

/// What is asked for; each has an answer among the studies.
const ASKED: [(&str, Keys<'static>); 5] = [
    ("Patient ID", &[(0x0010, 0x0020, "PID117")]),
    ("Study UID", &[(0x0020, 0x000D, "1.2.3.117")]),
    ("name prefix", &[(0x0010, 0x0010, "SMITH1*")]),
    ("name holds", &[(0x0010, 0x0010, "*MITH1*")]),
    ("one week, CT", &[(0x0008, 0x0020, "20240101-20240107"), (0x0008, 0x0061, "CT")]),
];

fn set(identifier: &mut Identifier, group: u16, element: u16, value: &str) {
    let tag = Tag(group, element);
    identifier.set(tag, dataset::vr_of(tag), value.as_bytes());
}

fn record(catalog: &mut Catalog, number: u32) -> Outcome<()> {
    let mut instance = Identifier::new();
    let day = format!("202401{:02}", number % 28 + 1);
    for (group, element, value) in [
        (0x0008, 0x0016, "1.2.840.10008.5.1.4.1.1.2"),
        (0x0008, 0x0018, &*format!("1.2.3.{number}.1.1")),
        (0x0008, 0x0020, &day),
        (0x0008, 0x0030, "101530"),
        (0x0008, 0x0050, &format!("ACC{number}")),
        (0x0008, 0x0060, "CT"),
        (0x0008, 0x1030, "Chest with contrast"),
        (0x0010, 0x0010, &format!("SMITH{number}^ANNA")),
        (0x0010, 0x0020, &format!("PID{number}")),
        (0x0020, 0x000D, &format!("1.2.3.{number}")),
        (0x0020, 0x000E, &format!("1.2.3.{number}.1")),
    ] {
        set(&mut instance, group, element, value);
    }
    let mut walker = Walker::new(ENCODING, keys::wanted_tags());
    walker.push(&instance.to_bytes(ENCODING))?;
    let syntax = Uid::known(transfer_syntax::IMPLICIT_VR_LITTLE_ENDIAN);
    let row = InstanceRow::extract(&walker.finish()?, &syntax)?;
    let location = Location {
        day: Day::from_number(20240102)?,
        version: 1,
        bytes: 527_000,
        data_set_offset: 340,
        digest: [7; 16],
        received_at: SystemTime::UNIX_EPOCH,
        source_ae_title: None,
    };
    drop(catalog.record(&row, &location)?);
    Ok(())
}

fn filled(path: &Path) -> Outcome<Catalog> {
    let mut catalog = Catalog::open(path, Access::ReadWrite)?;
    for number in 0..STUDIES {
        record(&mut catalog, number)?;
    }
    drop(catalog);
    Ok(Catalog::open(path, Access::ReadOnly)?)
}

/// The identifier of a C-FIND request, as it comes.
fn request(asked: Keys<'_>) -> Vec<u8> {
    let mut identifier = Identifier::new();
    identifier.set(Tag(0x0008, 0x0052), Vr::CS, b"STUDY ");
    for (group, element) in STUDY_LIST {
        set(&mut identifier, group, element, "");
    }
    for (group, element, value) in asked {
        set(&mut identifier, *group, *element, value);
    }
    identifier.to_bytes(ENCODING)
}

fn query(identifier: &Identifier) -> Result<Query, QueryRefused> {
    Query::from_identifier(MODEL, identifier, &QueryRules::STANDARD)
}

/// Runs a query up to its first match; says whether there was one.
fn first(catalog: &Catalog, query: &Query) -> Result<bool, CatalogError> {
    Ok(catalog.find(query)?.matches()?.next()?.is_some())
}

fn main() -> Outcome<()> {
    let mut criterion = Criterion::default().configure_from_args();
    let folder = tempfile::tempdir()?;
    let catalog = filled(&folder.path().join("catalog.sqlite"))?;
    for (name, asked) in ASKED {
        let bytes = request(asked);
        let identifier = Identifier::read(&bytes, ENCODING)?;
        let understood = query(&identifier)?;
        assert!(first(&catalog, &understood)?, "{name} has a match");
        let mut group = criterion.benchmark_group("from an identifier to SQL");
        group.bench_function(BenchmarkId::new("read", name), |bencher| {
            bencher.iter(|| Identifier::read(black_box(&bytes), ENCODING));
        });
        group.bench_function(BenchmarkId::new("understand", name), |bencher| {
            bencher.iter(|| query(black_box(&identifier)));
        });
        group.bench_function(BenchmarkId::new("prepare", name), |bencher| {
            bencher.iter(|| catalog.find(black_box(&understood)).map(drop));
        });
        group.bench_function(BenchmarkId::new("first match", name), |bencher| {
            bencher.iter(|| first(&catalog, black_box(&understood)));
        });
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}

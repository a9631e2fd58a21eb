//! How long a C-FIND response with twelve keys takes, from a row of the catalog to P-DATA-TF PDUs: the identifier, the
//! message around it, both together.

use std::error::Error;
use std::hint::black_box;
use std::io;
use std::path::Path;
use std::time::{Instant, SystemTime};

use catalog::{
    Access, Answer, Catalog, CatalogError, Encoder, InstanceRow, Location, Query, QueryRules, keys,
};
use criterion::{BenchmarkId, Criterion, Throughput};
use dataset::{Identifier, Walker};
use dimse::{Dialogue, FindRq, PreparedResponse, Priority};
use upper_layer::negotiation::{Identity, Offer, Roles, negotiate};
use upper_layer::pdu::{AssociateRq, ContextRefusal, ProposedContext, UserInformation};
use upper_layer::{Timers, Transport, accept};
use vocabulary::{
    AeTitle, Day, Encoding, InformationModel, Status, Tag, Uid, Vr, sop_class, transfer_syntax,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const CONTEXT_ID: u8 = 1;

const ENCODINGS: [Encoding; 2] = [Encoding::ImplicitLittleEndian, Encoding::ExplicitLittleEndian];

/// Twelve keys of a usual study list, and what the one study has in them.
const STUDY: [(u16, u16, &str); 10] = [
    (0x0008, 0x0020, "20240105"),
    (0x0008, 0x0030, "101530.123"),
    (0x0008, 0x0050, "ACC00012345"),
    (0x0008, 0x1030, "Chest with contrast"),
    (0x0008, 0x0090, "REFERRER^ROBERT"),
    (0x0010, 0x0020, "PID0012345"),
    (0x0010, 0x0030, "19700228"),
    (0x0010, 0x0040, "F"),
    (0x0020, 0x000D, "1.2.826.0.1.3680043.8.498.10"),
    (0x0020, 0x0010, "S12345"),
];

const PATIENTS_NAME: Tag = Tag(0x0010, 0x0010);
const NUMBER_OF_STUDY_RELATED_INSTANCES: Tag = Tag(0x0020, 0x1208);

/// A name of the default repertoire, and one that takes another.
const NAMES: [(&str, &[u8]); 2] = [("ASCII name", b"SMITH^ANNA"), ("Latin-1 name", b"M\xDCLLER^ANN\xC9")];

fn set(identifier: &mut Identifier, tag: Tag, value: &[u8]) {
    identifier.set(tag, dataset::vr_of(tag), value);
}

fn filled(path: &Path, name: &[u8]) -> Outcome<Catalog> {
    let mut instance = Identifier::new();
    set(&mut instance, Tag(0x0008, 0x0005), b"ISO_IR 100");
    for (group, element, value) in STUDY {
        set(&mut instance, Tag(group, element), value.as_bytes());
    }
    for (group, element, value) in [
        (0x0008, 0x0016, "1.2.840.10008.5.1.4.1.1.2"),
        (0x0008, 0x0018, "1.2.826.0.1.3680043.8.498.10.20.30"),
        (0x0008, 0x0060, "CT"),
        (0x0020, 0x000E, "1.2.826.0.1.3680043.8.498.10.20"),
    ] {
        set(&mut instance, Tag(group, element), value.as_bytes());
    }
    set(&mut instance, PATIENTS_NAME, name);
    let encoding = Encoding::ExplicitLittleEndian;
    let mut walker = Walker::new(encoding, keys::wanted_tags());
    walker.push(&instance.to_bytes(encoding))?;
    let syntax = Uid::known(transfer_syntax::EXPLICIT_VR_LITTLE_ENDIAN);
    let row = InstanceRow::extract(&walker.finish()?, &syntax)?;
    let location = Location {
        day: Day::from_number(20240105)?,
        version: 1,
        bytes: 527_000,
        data_set_offset: 340,
        digest: [7; 16],
        received_at: SystemTime::UNIX_EPOCH,
        source_ae_title: None,
    };
    drop(Catalog::open(path, Access::ReadWrite)?.record(&row, &location)?);
    Ok(Catalog::open(path, Access::ReadOnly)?)
}

fn study_list() -> Outcome<Query> {
    let mut identifier = Identifier::new();
    identifier.set(Tag(0x0008, 0x0005), Vr::CS, b"ISO_IR 100");
    identifier.set(Tag(0x0008, 0x0052), Vr::CS, b"STUDY");
    for (group, element, _) in STUDY {
        set(&mut identifier, Tag(group, element), b"");
    }
    set(&mut identifier, PATIENTS_NAME, b"");
    set(&mut identifier, NUMBER_OF_STUDY_RELATED_INSTANCES, b"");
    Ok(Query::from_identifier(InformationModel::StudyRoot, &identifier, &QueryRules::STANDARD)?)
}

/// The peer's side of a connection: it asks for an association, and takes whatever comes.
struct Asking(Vec<u8>);

impl Transport for Asking {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn read(&mut self, into: &mut [u8], _deadline: Option<Instant>) -> io::Result<usize> {
        let count = io::Read::read(&mut self.0.as_slice(), into)?;
        self.0.drain(..count);
        Ok(count)
    }

    fn write_all(&mut self, bytes: &mut [io::IoSlice<'_>], _deadline: Option<Instant>) -> io::Result<()> {
        black_box(bytes);
        Ok(())
    }

    fn is_readable(&mut self) -> io::Result<bool> {
        Ok(!self.0.is_empty())
    }

    fn close(&mut self) {}
}

struct Anything;

impl Offer for Anything {
    fn choose(&self, _: &Uid, proposed: &[Uid]) -> Result<Uid, ContextRefusal> {
        proposed.first().cloned().ok_or(ContextRefusal::TransferSyntaxesNotSupported)
    }

    fn roles(&self, _: &Uid) -> Roles {
        Roles::DEFAULT
    }
}

fn dialogue() -> Outcome<Dialogue<Asking>> {
    let context = ProposedContext {
        id: CONTEXT_ID,
        abstract_syntax: Uid::known(sop_class::STUDY_ROOT_FIND),
        transfer_syntaxes: vec![Uid::known(transfer_syntax::IMPLICIT_VR_LITTLE_ENDIAN)],
    };
    let (called, calling) = (AeTitle::parse("ARCHIVE")?, AeTitle::parse("WORKSTATION")?);
    let rq = AssociateRq::new(&called, &calling, vec![context], UserInformation::default());
    let requested = accept(Asking(rq.to_bytes()?), Timers::default())?;
    let ours = Identity {
        max_pdu_length: 0,
        implementation_class_uid: Uid::parse("1.2.3.4")?,
        implementation_version_name: "BENCH".to_owned(),
    };
    let answer = negotiate(requested.request(), &Anything, &ours);
    Ok(Dialogue::new(requested.accept(answer)?))
}

fn encode(encoder: &mut Encoder<'_>, answer: &Answer<'_>, into: &mut Vec<u8>) -> Result<(), CatalogError> {
    into.clear();
    encoder.encode(answer, into)
}

fn measure(criterion: &mut Criterion, name: &str, catalog: &Catalog, query: &Query) -> Outcome<()> {
    let rq = FindRq {
        context_id: CONTEXT_ID,
        message_id: 1,
        affected_sop_class_uid: Uid::known(sop_class::STUDY_ROOT_FIND),
        priority: Priority::MEDIUM,
    };
    let pending = PreparedResponse::pending(&rq.respond(Status::PENDING));
    let mut dialogue = dialogue()?;
    let title = AeTitle::parse("ARCHIVE")?;
    let mut find = catalog.find(query)?;
    let mut matches = find.matches()?;
    let answer = matches.next()?.ok_or("the study is not found")?;
    let mut bytes = Vec::new();
    let mut group = criterion.benchmark_group("a C-FIND response of 12 keys");
    group.throughput(Throughput::Elements(1));
    for encoding in ENCODINGS {
        let mut encoder = Encoder::new(query, encoding, &title);
        encode(&mut encoder, &answer, &mut bytes)?;
        assert!(bytes.len() > 200, "it holds the study");
        dialogue.queue_prepared(&pending, &bytes)?;
        let what = format!("{name}, {encoding:?}");
        group.bench_function(BenchmarkId::new("row to identifier", &what), |bencher| {
            bencher.iter(|| encode(&mut encoder, black_box(&answer), &mut bytes));
        });
        group.bench_function(BenchmarkId::new("identifier to P-DATA", &what), |bencher| {
            bencher.iter(|| dialogue.queue_prepared(black_box(&pending), black_box(&bytes)));
        });
        group.bench_function(BenchmarkId::new("row to P-DATA", &what), |bencher| {
            bencher.iter(|| {
                let encoded = encode(&mut encoder, black_box(&answer), &mut bytes);
                (encoded, dialogue.queue_prepared(&pending, &bytes))
            });
        });
    }
    group.finish();
    Ok(())
}

fn main() -> Outcome<()> {
    let mut criterion = Criterion::default().configure_from_args();
    let folder = tempfile::tempdir()?;
    let query = study_list()?;
    for (name, value) in NAMES {
        let catalog = filled(&folder.path().join(name), value)?;
        measure(&mut criterion, name, &catalog, &query)?;
    }
    criterion.final_summary();
    Ok(())
}

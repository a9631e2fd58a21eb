//! How long receiving takes: P-DATA-TF PDUs of the usual lengths go through an accepted association, from the bytes of
//! a transport in memory to the pieces that the DIMSE layer is given.

use std::error::Error;
use std::hint::black_box;
use std::io;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput};
use upper_layer::negotiation::{Identity, Offer, Roles, negotiate};
use upper_layer::pdu::{AssociateRq, ContextRefusal, ProposedContext, UserInformation, pdu_type};
use upper_layer::{Association, Ended, Indication, Timers, Transport, accept};
use vocabulary::{AeTitle, Uid, sop_class, transfer_syntax};

const CONTEXT_ID: u8 = 1;

/// PDV header: length, context identifier, control byte.
const VALUE_HEADER_BYTES: usize = 6;

/// What each round receives.
const DATA_SET_BYTES: usize = 4 * 1024 * 1024;

/// Sends an A-ASSOCIATE-RQ, then the same bytes for ever; takes what it is given.
struct Tape {
    begins: Vec<u8>,
    repeats: Vec<u8>,
    at: usize,
    has_begun: bool,
    /// What one read brings at most.
    read_max: usize,
}

impl Transport for Tape {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn read(&mut self, into: &mut [u8], _deadline: Option<Instant>) -> io::Result<usize> {
        let tape = if self.has_begun { &self.repeats } else { &self.begins };
        let rest = tape.get(self.at..).unwrap_or_default();
        let count = rest.len().min(into.len()).min(self.read_max);
        if let (Some(to), Some(from)) = (into.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at += count;
        if count == rest.len() {
            self.has_begun = true;
            self.at = 0;
        }
        Ok(count)
    }

    fn write_all(&mut self, bytes: &mut [io::IoSlice<'_>], _deadline: Option<Instant>) -> io::Result<()> {
        black_box(bytes);
        Ok(())
    }

    fn is_readable(&mut self) -> io::Result<bool> {
        Ok(true)
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

fn associated(repeats: Vec<u8>, read_max: usize) -> Result<Association<Tape>, Box<dyn Error>> {
    let context = ProposedContext {
        id: CONTEXT_ID,
        abstract_syntax: Uid::known(sop_class::VERIFICATION),
        transfer_syntaxes: vec![Uid::known(transfer_syntax::IMPLICIT_VR_LITTLE_ENDIAN)],
    };
    let (called, calling) = (AeTitle::parse("ARCHIVE")?, AeTitle::parse("CT1")?);
    let rq = AssociateRq::new(&called, &calling, vec![context], UserInformation::default());
    let tape = Tape { begins: rq.to_bytes()?, repeats, at: 0, has_begun: false, read_max };
    let requested = accept(tape, Timers::default())?;
    let ours = Identity {
        max_pdu_length: 0,
        implementation_class_uid: Uid::parse("1.2.3.4")?,
        implementation_version_name: "BENCH".to_owned(),
    };
    let answer = negotiate(requested.request(), &Anything, &ours);
    Ok(requested.accept(answer)?)
}

/// One P-DATA-TF with one value.
fn p_data(
    into: &mut Vec<u8>,
    is_command: bool,
    is_last: bool,
    fragment: &[u8],
) -> Result<(), Box<dyn Error>> {
    let value_length = u32::try_from(fragment.len() + 2)?;
    into.extend_from_slice(&[pdu_type::P_DATA_TF, 0]);
    into.extend_from_slice(&(value_length + 4).to_be_bytes());
    into.extend_from_slice(&value_length.to_be_bytes());
    into.extend_from_slice(&[CONTEXT_ID, u8::from(is_command) | u8::from(is_last) << 1]);
    into.extend_from_slice(fragment);
    Ok(())
}

/// A data set in PDUs whose variable part has `pdu_bytes` at most.
fn data_set(bytes: usize, pdu_bytes: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let (data, mut pdus) = (vec![0x5A; bytes], Vec::new());
    let mut fragments = data.chunks(pdu_bytes - VALUE_HEADER_BYTES).peekable();
    while let Some(fragment) = fragments.next() {
        p_data(&mut pdus, false, fragments.peek().is_none(), fragment)?;
    }
    Ok(pdus)
}

/// Receives so many command sets and data sets, and says how many bytes they had.
fn receive(association: &mut Association<Tape>, mut messages: usize) -> Result<usize, Ended> {
    let mut bytes = 0;
    while messages > 0 {
        if let Indication::Data(piece) = association.receive(None)? {
            bytes += black_box(piece.bytes).len();
            messages -= usize::from(piece.ends_message);
        }
    }
    Ok(bytes)
}

fn data_sets(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let mut group = criterion.benchmark_group("receive a data set of 4 MiB");
    group.throughput(Throughput::Bytes(DATA_SET_BYTES as u64));
    for (pdu_bytes, read_max) in
        [(16 * 1024, 64 * 1024), (16 * 1024, usize::MAX), (128 * 1024, 64 * 1024), (128 * 1024, usize::MAX)]
    {
        let mut association = associated(data_set(DATA_SET_BYTES, pdu_bytes)?, read_max)?;
        assert_eq!(receive(&mut association, 1)?, DATA_SET_BYTES, "all of it comes");
        let reads = if read_max == usize::MAX { "full reads" } else { "reads of 64 KiB" };
        let id = BenchmarkId::new(format!("PDUs of {} KiB", pdu_bytes / 1024), reads);
        group.bench_function(id, |bencher| bencher.iter(|| receive(&mut association, 1)));
    }
    group.finish();
    Ok(())
}

/// Commands with small data sets, as C-FIND responses are: what counts is the cost of each PDU.
fn small_messages(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    const MESSAGES: usize = 100;
    let mut pdus = Vec::new();
    for _ in 0..MESSAGES {
        p_data(&mut pdus, true, true, &[0; 100])?;
        p_data(&mut pdus, false, true, &[0; 400])?;
    }
    let mut association = associated(pdus, usize::MAX)?;
    assert_eq!(receive(&mut association, 2 * MESSAGES)?, MESSAGES * 500, "all of them come");
    let mut group = criterion.benchmark_group("receive small messages");
    group.throughput(Throughput::Elements(MESSAGES as u64));
    group.bench_function("command of 100 bytes, data set of 400", |bencher| {
        bencher.iter(|| receive(&mut association, 2 * MESSAGES));
    });
    group.finish();
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    data_sets(&mut criterion)?;
    small_messages(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

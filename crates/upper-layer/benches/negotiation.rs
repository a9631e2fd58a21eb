//! How long an association takes to come about: a proposal of 128 contexts, as workstations that know every class make
//! it, is read, answered from a table, written and agreed on; with and without a role for each class.

use std::error::Error;
use std::hint::black_box;
use std::io;
use std::time::Instant;

use criterion::Criterion;
use upper_layer::negotiation::{Identity, Offer, Roles, agreed, negotiate};
use upper_layer::pdu::{
    AssociateAc, AssociateRq, ContextRefusal, HEADER_BYTES, ProposedContext, RoleSelection, UserInformation,
};
use upper_layer::{Ended, Timers, Transport, accept};
use vocabulary::sop_class::{SOP_CLASSES, ServiceClass};
use vocabulary::transfer_syntax::{
    EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, JPEG_BASELINE,
};
use vocabulary::{AeTitle, Uid, limits};

/// A sorted table, each class in the same transfer syntaxes.
struct Table {
    classes: Vec<Uid>,
    transfer_syntaxes: Vec<Uid>,
    roles: Roles,
}

impl Offer for Table {
    fn choose(&self, abstract_syntax: &Uid, proposed: &[Uid]) -> Result<Uid, ContextRefusal> {
        if self.classes.binary_search(abstract_syntax).is_err() {
            return Err(ContextRefusal::AbstractSyntaxNotSupported);
        }
        let accepted = proposed.iter().find(|uid| self.transfer_syntaxes.contains(uid));
        accepted.cloned().ok_or(ContextRefusal::TransferSyntaxesNotSupported)
    }

    fn roles(&self, _: &Uid) -> Roles {
        self.roles
    }
}

/// The peer's side of a connection: its request, and nothing after it.
struct Asking<'a>(&'a [u8]);

impl Transport for Asking<'_> {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn read(&mut self, into: &mut [u8], _deadline: Option<Instant>) -> io::Result<usize> {
        io::Read::read(&mut self.0, into)
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

fn storage_classes() -> impl Iterator<Item = Uid> {
    let storage = SOP_CLASSES.iter().filter(|class| class.service == ServiceClass::Storage);
    storage.map(|class| Uid::known(class.uid))
}

/// A proposal of 128 contexts with four transfer syntaxes each.
fn proposal(with_roles: bool) -> Result<AssociateRq, Box<dyn Error>> {
    let syntaxes =
        [EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN, JPEG_BASELINE];
    let contexts: Vec<_> = (1..=u8::MAX)
        .step_by(2)
        .zip(storage_classes())
        .map(|(id, abstract_syntax)| ProposedContext {
            id,
            abstract_syntax,
            transfer_syntaxes: syntaxes.map(Uid::known).to_vec(),
        })
        .collect();
    assert_eq!(contexts.len(), limits::PRESENTATION_CONTEXTS_MAX, "there are classes enough");
    let roles = contexts.iter().filter(|_| with_roles).map(|context| RoleSelection {
        sop_class: context.abstract_syntax.clone(),
        scu: true,
        scp: true,
    });
    let information = UserInformation {
        max_pdu_length: Some(16 * 1024),
        implementation_class_uid: Some(Uid::parse("1.2.3.4")?),
        role_selections: roles.collect(),
        ..UserInformation::default()
    };
    let (called, calling) = (AeTitle::parse("ARCHIVE")?, AeTitle::parse("WORKSTATION")?);
    Ok(AssociateRq::new(&called, &calling, contexts, information))
}

/// From the bytes of a request to an association; says how many contexts it has.
fn associate(request: &[u8], table: &Table, ours: &Identity) -> Result<usize, Ended> {
    let requested = accept(Asking(request), Timers::default())?;
    let answer = negotiate(requested.request(), table, ours);
    Ok(requested.accept(answer)?.contexts().len())
}

fn measure(criterion: &mut Criterion, with_roles: bool) -> Result<(), Box<dyn Error>> {
    let table = Table {
        classes: {
            let mut classes: Vec<_> = storage_classes().collect();
            classes.sort();
            classes
        },
        transfer_syntaxes: vec![Uid::known(IMPLICIT_VR_LITTLE_ENDIAN), Uid::known(EXPLICIT_VR_LITTLE_ENDIAN)],
        roles: Roles { scu: true, scp: true },
    };
    let ours = Identity {
        max_pdu_length: 128 * 1024,
        implementation_class_uid: Uid::parse("1.2.3.4")?,
        implementation_version_name: "BENCH".to_owned(),
    };
    let rq = proposal(with_roles)?;
    let rq_bytes = rq.to_bytes()?;
    let rq_body = rq_bytes.get(HEADER_BYTES..).unwrap_or_default();
    let ac = negotiate(&rq, &table, &ours);
    let ac_bytes = ac.to_bytes()?;
    let ac_body = ac_bytes.get(HEADER_BYTES..).unwrap_or_default();
    assert_eq!(associate(&rq_bytes, &table, &ours)?, rq.presentation_contexts.len(), "all are accepted");

    let name = if with_roles { "128 contexts with roles" } else { "128 contexts" };
    let mut group = criterion.benchmark_group(name);
    group
        .bench_function("read the request", |bencher| bencher.iter(|| AssociateRq::read(black_box(rq_body))));
    group.bench_function("negotiate", |bencher| bencher.iter(|| negotiate(black_box(&rq), &table, &ours)));
    group.bench_function("write the answer", |bencher| bencher.iter(|| black_box(&ac).to_bytes()));
    group.bench_function("read the answer", |bencher| bencher.iter(|| AssociateAc::read(black_box(ac_body))));
    group.bench_function("agree", |bencher| bencher.iter(|| agreed(black_box(&rq), black_box(&ac), false)));
    group.bench_function("from bytes to an association", |bencher| {
        bencher.iter(|| associate(black_box(&rq_bytes), &table, &ours));
    });
    group.finish();
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    measure(&mut criterion, false)?;
    measure(&mut criterion, true)?;
    criterion.final_summary();
    Ok(())
}

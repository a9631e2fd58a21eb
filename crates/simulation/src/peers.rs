//! The peers: modalities that send, workstations that ask and retrieve, and strangers.

use std::{io, time::Duration};

use dataset::{DataSetWriter, Identifier};
use dimse::{
    CancelRq, Dialogue, Ended, FindRq, GetRq, Incoming, Priority, Request, Response, StoreRq, SubOperations,
};
use upper_layer::pdu::{ProposedContext, RoleSelection};
use upper_layer::{AssociateRq, Transport, request};
use vocabulary::{Encoding, Level, Status, Tag, Uid, Vr, limits, sop_class, transfer_syntax};

use crate::baton::{Baton, TaskId, clock, here};
use crate::network::End;
use crate::random::Random;
use crate::server::{STORED, identity, timers, title, uids, violate};
use crate::truth::{Attempt, Truth};
use crate::universe::{Shape, Subject, Universe, uid};

/// How long a peer waits for an answer.
const ANSWER: Duration = Duration::from_secs(90);

const FIND: u8 = 1;
const GET: u8 = 3;

const LEVEL: Tag = Tag(0x0008, 0x0052);
const SOP_INSTANCE: Tag = Tag(0x0008, 0x0018);
const STUDY: Tag = Tag(0x0020, 0x000D);
const SERIES: Tag = Tag(0x0020, 0x000E);
pub(crate) const SERIES_IN_STUDY: Tag = Tag(0x0020, 0x1206);
pub(crate) const INSTANCES_IN_STUDY: Tag = Tag(0x0020, 0x1208);
pub(crate) const INSTANCES_IN_SERIES: Tag = Tag(0x0020, 0x1209);

/// What a peer does on its association, one after the other.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    /// Stores an instance, with this many bytes of it left out at its end, and asks whether it is found.
    Store { subject: Subject, shape: Shape, cut: usize, looks: bool },
    /// Announces one instance and sends another.
    StoreAnother { subject: Subject, shape: Shape, announced: Uid },
    /// Asks for all at a level, and has enough after so many.
    Find { level: Level, enough: Option<u64> },
    /// Has a study sent; refuses so many of a hundred instances, and has enough after so many.
    Get { study: String, refused: u64, enough: Option<u64> },
    /// C-ECHO.
    Echo,
    /// Does nothing.
    Pause(Duration),
}

/// What a peer is like.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) begins: Duration,
    pub(crate) deeds: Vec<Deed>,
    pub(crate) releases: bool,
    /// It speaks no DICOM at all.
    pub(crate) stranger: bool,
    pub(crate) max_pdu: u32,
}

/// One instance, as an answer at level IMAGE has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Match {
    pub(crate) study: String,
    pub(crate) series: String,
    pub(crate) instance: String,
    /// The counters of the level.
    pub(crate) counts: Vec<i64>,
}

/// An association from the peer's side.
pub(crate) struct Calling {
    dialogue: Dialogue<End>,
    baton: Baton,
    id: TaskId,
    random: Random,
}

/// What a C-GET brought.
#[derive(Debug, Default)]
pub(crate) struct Got {
    pub(crate) instances: Vec<(Uid, Vec<u8>)>,
    pub(crate) counters: SubOperations,
    pub(crate) status: Option<Status>,
}

impl Script {
    pub(crate) fn draw(random: &mut Random, universe: &Universe) -> Self {
        let mut deeds = Vec::new();
        let choices = if universe.is_large { 3 } else { 5 };
        let kind = random.below(20);
        for _ in 0..random.between(1, 5) {
            let Some((subject, shape)) = universe.choose(random) else { continue };
            let enough = random.chance(30).then(|| random.below(3));
            deeds.push(match (kind, random.below(20)) {
                (0..=13, 0) => {
                    let announced =
                        universe.choose(random).map_or_else(|| uid("1.2.3"), |(other, _)| other.uid);
                    Deed::StoreAnother { subject, shape, announced }
                }
                (0..=13, 1) => Deed::Pause(Duration::from_millis(random.below(100_000))),
                (0..=13, 2) => Deed::Store { subject, shape, cut: random.index(3), looks: false },
                (0..=13, _) => Deed::Store { subject, shape, cut: 0, looks: random.chance(20) },
                (14..=16, _) => {
                    let levels = [Level::Study, Level::Series, Level::Image];
                    Deed::Find { level: random.of(&levels).copied().unwrap_or(Level::Study), enough }
                }
                (17..=18, _) => {
                    let refused = if random.chance(20) { random.below(100) } else { 0 };
                    Deed::Get { study: subject.study, refused, enough }
                }
                _ => Deed::Echo,
            });
        }
        Self {
            begins: Duration::from_micros(random.mostly_small(100_000)),
            deeds,
            releases: random.chance(85),
            stranger: random.chance(2),
            max_pdu: [0, 16_384, 4_096, 256, 100].get(random.index(choices)).copied().unwrap_or(16_384),
        }
    }

    /// The peer's life.
    pub(crate) fn run(&self, end: End, universe: &Universe, truth: &Truth, random: Random) {
        let Some((baton, id)) = here() else { return };
        baton.sleep(id, self.begins);
        if self.stranger {
            return gibber(end, random);
        }
        let Some(mut calling) = Calling::begin(end, self.max_pdu, random) else {
            baton.count("association did not come about");
            return;
        };
        baton.count("association began");
        for deed in &self.deeds {
            if calling.does(deed, universe, truth).is_err() {
                baton.count("association ended early");
                return;
            }
        }
        if self.releases {
            calling.release();
        }
    }
}

/// Says what nobody understands.
fn gibber(mut end: End, mut random: Random) {
    let first = *random.of(&[0, 1, 2, 4, 7, 0xFF]).unwrap_or(&1);
    let mut bytes: Vec<u8> =
        (0..random.between(1, 300)).map(|_| random.below(256).to_le_bytes()[0]).collect();
    bytes.insert(0, first);
    if end.write_all(&mut [io::IoSlice::new(&bytes)], None).is_ok() {
        let deadline = end.now() + ANSWER;
        while end.read(&mut [0; 64], Some(deadline)).is_ok_and(|count| count > 0) {}
    }
}

/// The only context that an instance is sent in.
fn context_of(class: &str, explicit: bool) -> u8 {
    let number = STORED.iter().position(|stored| *stored == class).unwrap_or(0);
    u8::try_from(5 + 4 * number + 2 * usize::from(!explicit)).unwrap_or(5)
}

impl Calling {
    /// Asks for an association.
    pub(crate) fn begin(end: End, max_pdu: u32, random: Random) -> Option<Self> {
        let (baton, id) = here()?;
        let context = |id, class: &str, syntax: &str| ProposedContext {
            id,
            abstract_syntax: uid(class),
            transfer_syntaxes: uids(&[syntax]),
        };
        let identifiers = transfer_syntax::IMPLICIT_VR_LITTLE_ENDIAN;
        let mut contexts = vec![
            context(FIND, sop_class::STUDY_ROOT_FIND, identifiers),
            context(GET, sop_class::STUDY_ROOT_GET, identifiers),
        ];
        for class in STORED {
            for (explicit, syntax) in [
                (true, transfer_syntax::EXPLICIT_VR_LITTLE_ENDIAN),
                (false, transfer_syntax::IMPLICIT_VR_LITTLE_ENDIAN),
            ] {
                contexts.push(context(context_of(class, explicit), class, syntax));
            }
        }
        contexts.push(context(101, sop_class::VERIFICATION, identifiers));
        let mut user_information = identity(max_pdu).to_user_information();
        user_information.role_selections =
            STORED.map(|class| RoleSelection { sop_class: uid(class), scu: true, scp: true }).to_vec();
        let rq = AssociateRq::new(&title("ARCHIVE")?, &title("PEER")?, contexts, user_information);
        let association = request(end, rq, timers()).ok()?;
        Some(Self { dialogue: Dialogue::new(association), baton, id, random })
    }

    pub(crate) fn release(self) {
        if let Some(association) = self.dialogue.into_association() {
            match association.release() {
                Ok(()) => self.baton.count("association was released"),
                Err(_) => self.baton.count("association was not released"),
            }
        }
    }

    fn does(&mut self, deed: &Deed, universe: &Universe, truth: &Truth) -> Result<(), Ended> {
        match deed {
            Deed::Store { subject, shape, cut, looks } => {
                let mut bytes = subject.data_set(*shape);
                bytes.truncate(bytes.len().saturating_sub(*cut));
                let began = self.baton.steps();
                let attempt = truth.begin(subject, *shape, began, clock());
                let status = self.store(subject, *shape, &subject.uid, &bytes)?;
                self.baton.count(counted(status));
                let is_kept = matches!(status, Status::SUCCESS | Status::COERCION_OF_DATA_ELEMENTS);
                if !is_kept {
                    return Ok(());
                }
                if *cut > 0 {
                    violate(format!("half of {} was taken for all of it", subject.uid));
                }
                truth.acknowledge(attempt, self.baton.steps());
                // What came in another series since this one began may have replaced it before its success was read.
                let may_replace = |other: &Attempt| {
                    other.subject.uid == subject.uid
                        && other.subject != *subject
                        && other.acknowledged.is_none_or(|at| at >= began)
                };
                if *looks && status == Status::SUCCESS && !truth.attempts().iter().any(may_replace) {
                    self.look(subject)?;
                }
                Ok(())
            }
            Deed::StoreAnother { subject, shape, announced } => {
                let bytes = subject.data_set(*shape);
                if *announced == subject.uid {
                    return Ok(());
                }
                let status = self.store(subject, *shape, announced, &bytes)?;
                self.baton.count("another instance than was announced was sent");
                if status == Status::SUCCESS {
                    violate(format!("{announced} was announced, {} was sent and taken", subject.uid));
                }
                Ok(())
            }
            Deed::Find { level, enough } => {
                let (matches, status) = self.find(*level, None, *enough)?;
                match status {
                    Status::SUCCESS => self.baton.count("C-FIND succeeded"),
                    Status::CANCEL => self.baton.count("C-FIND was cancelled"),
                    _ => self.baton.count("C-FIND failed"),
                }
                let known = |found: &Match| {
                    universe.subjects.iter().any(|subject| {
                        subject.study == found.study
                            && (found.series.is_empty() || subject.series == found.series)
                    })
                };
                if let Some(stranger) = matches.iter().find(|found| !known(found)) {
                    violate(format!("{stranger:?} was found, which nobody has sent"));
                }
                Ok(())
            }
            Deed::Get { study, refused, enough } => {
                let got = self.get(study, *refused, *enough)?;
                match got.status {
                    Some(Status::SUCCESS) => self.baton.count("C-GET succeeded"),
                    Some(Status::CANCEL) => self.baton.count("C-GET was cancelled"),
                    _ => self.baton.count("C-GET failed, or in part"),
                }
                let attempts = truth.attempts();
                for (instance, bytes) in &got.instances {
                    let was_sent = attempts.iter().any(|attempt| {
                        attempt.subject.uid == *instance && attempt.subject.data_set(attempt.shape) == *bytes
                    });
                    // One with another UID has another in its data set.
                    if !was_sent && !instance.as_str().starts_with("2.25.") {
                        violate(format!("{instance} came back otherwise than anybody sent it"));
                    }
                }
                Ok(())
            }
            Deed::Echo => {
                self.dialogue.echo(101, Some(ANSWER))?;
                self.baton.count("C-ECHO succeeded");
                Ok(())
            }
            Deed::Pause(duration) => {
                self.baton.sleep(self.id, *duration);
                Ok(())
            }
        }
    }

    /// What was just acknowledged is found.
    fn look(&mut self, subject: &Subject) -> Result<(), Ended> {
        let (matches, status) = self.find(Level::Image, Some(subject), None)?;
        if status != Status::SUCCESS {
            // The disk may fail under a query as well: it is opened for one.
            self.baton.count("C-FIND failed");
        } else if matches.is_empty() {
            violate(format!("{} is acknowledged and not found", subject.uid));
        }
        Ok(())
    }

    pub(crate) fn store(
        &mut self,
        subject: &Subject,
        shape: Shape,
        announced: &Uid,
        mut bytes: &[u8],
    ) -> Result<Status, Ended> {
        let rq = StoreRq {
            context_id: context_of(subject.sop_class, shape.explicit),
            message_id: self.dialogue.next_message_id(),
            affected_sop_class_uid: uid(subject.sop_class),
            affected_sop_instance_uid: announced.clone(),
            priority: Priority::MEDIUM,
            move_originator_ae_title: None,
            move_originator_message_id: None,
        };
        let length = bytes.len() as u64;
        match self.dialogue.store_from(&rq, &mut bytes, length) {
            Ok(()) => Ok(self.dialogue.await_store_response(Some(ANSWER))?.outcome.status),
            Err(dimse::SendFailed::Ended(ended)) => Err(ended),
            Err(dimse::SendFailed::Source(_)) => Err(Ended::Unreadable),
        }
    }

    /// Asks for all that there is at a level, or for one instance; cancels after so many answers.
    pub(crate) fn find(
        &mut self,
        level: Level,
        only: Option<&Subject>,
        mut enough: Option<u64>,
    ) -> Result<(Vec<Match>, Status), Ended> {
        let mut identifier = DataSetWriter::new(Encoding::ImplicitLittleEndian);
        let only = |of: fn(&Subject) -> &str| only.map_or("", of);
        if level == Level::Image {
            identifier.text(SOP_INSTANCE, Vr::UI, only(|subject| subject.uid.as_str()));
        }
        identifier.text(LEVEL, Vr::CS, level.as_str());
        identifier.text(STUDY, Vr::UI, only(|subject| &subject.study));
        if level != Level::Study {
            identifier.text(SERIES, Vr::UI, only(|subject| &subject.series));
        }
        let counters: &[Tag] = match level {
            Level::Study => &[SERIES_IN_STUDY, INSTANCES_IN_STUDY],
            Level::Series => &[INSTANCES_IN_SERIES],
            Level::Patient | Level::Image => &[],
        };
        counters.iter().for_each(|tag| identifier.text(*tag, Vr::IS, ""));
        let rq = FindRq {
            context_id: FIND,
            message_id: self.dialogue.next_message_id(),
            affected_sop_class_uid: uid(sop_class::STUDY_ROOT_FIND),
            priority: Priority::MEDIUM,
        };
        self.dialogue.send(&rq, Some(&identifier.into_bytes()))?;
        let mut matches = Vec::new();
        loop {
            let Response::Find(response) = self.dialogue.await_response(Some(ANSWER))? else {
                return Err(Ended::Misused("something else came than what was asked for"));
            };
            let status = response.outcome.status;
            if !status.is_pending() {
                return Ok((matches, status));
            }
            let Ok(bytes) = self.dialogue.collect_data_set(limits::IDENTIFIER_BYTES_MAX) else {
                return Err(Ended::Unreadable);
            };
            let Ok(found) = Identifier::read(&bytes, Encoding::ImplicitLittleEndian) else {
                violate("an answer cannot be read".to_owned());
                return Err(Ended::Unreadable);
            };
            let text = |tag| found.text(tag).unwrap_or_default();
            matches.push(Match {
                study: text(STUDY),
                series: text(SERIES),
                instance: text(SOP_INSTANCE),
                counts: counters.iter().map(|tag| found.integer(*tag).unwrap_or(-1)).collect(),
            });
            if enough.is_some_and(|enough| matches.len() as u64 > enough) {
                enough = None;
                self.dialogue.send(&CancelRq::of(&rq), None)?;
            }
        }
    }

    /// Has a study sent over this association.
    pub(crate) fn get(&mut self, study: &str, refused: u64, mut enough: Option<u64>) -> Result<Got, Ended> {
        let mut identifier = DataSetWriter::new(Encoding::ImplicitLittleEndian);
        identifier.text(LEVEL, Vr::CS, Level::Study.as_str());
        identifier.text(STUDY, Vr::UI, study);
        let rq = GetRq {
            context_id: GET,
            message_id: self.dialogue.next_message_id(),
            affected_sop_class_uid: uid(sop_class::STUDY_ROOT_GET),
            priority: Priority::MEDIUM,
        };
        self.dialogue.send(&rq, Some(&identifier.into_bytes()))?;
        let mut got = Got::default();
        let mut told = SubOperations::default();
        loop {
            match self.dialogue.next(Some(ANSWER))? {
                Incoming::Response(Response::Get(response)) => {
                    got.counters = response.sub_operations.unwrap_or_default();
                    let sum = got.counters.completed + got.counters.failed + got.counters.warning;
                    if sum < told.completed + told.failed + told.warning {
                        violate("the counters of a C-GET went back".to_owned());
                    }
                    told = got.counters;
                    if !response.outcome.status.is_pending() {
                        self.dialogue.drain_data_set()?;
                        got.status = Some(response.outcome.status);
                        return Ok(got);
                    }
                }
                Incoming::Request(Request::Store(store)) => {
                    let Ok(bytes) = self.dialogue.collect_data_set(usize::MAX) else {
                        return Err(Ended::Unreadable);
                    };
                    let status = match self.random.chance(refused) {
                        true => Status::OUT_OF_RESOURCES,
                        false => Status::SUCCESS,
                    };
                    self.dialogue.respond(&store.respond(status), None)?;
                    if status == Status::SUCCESS {
                        got.instances.push((store.affected_sop_instance_uid.clone(), bytes));
                    }
                    if enough.is_some_and(|enough| got.instances.len() as u64 > enough) {
                        enough = None;
                        self.dialogue.send(&CancelRq::of(&rq), None)?;
                    }
                }
                _ => return Err(Ended::Misused("something else came than what was asked for")),
            }
        }
    }
}

/// A status of a C-STORE, for the histogram.
fn counted(status: Status) -> &'static str {
    match status {
        Status::SUCCESS => "C-STORE acknowledged",
        Status::COERCION_OF_DATA_ELEMENTS => "C-STORE acknowledged with B000",
        Status::OUT_OF_RESOURCES => "C-STORE refused: we fall short",
        _ => "C-STORE refused: the data set",
    }
}

//! The archive: the real services behind each association, as `isocenter serve` puts them together.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::{fd::AsFd, unix::net::UnixStream},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use application_entity::dispatch::refuse;
use application_entity::{
    Access, Acquaintances, Admission, Attendance, Awaited, Caller, Directly, Entity, Initiation, Network,
    NoPlace, Nobody, Overseer, Peers, Permit, Reception, Services, serve,
};
use catalog::{Access as CatalogAccess, Catalog, QueryRules};
use dimse::{Dialogue, Ended, FindRq, GetRq, Outcome, StoreRq};
use holdings::{Holdings, HoldingsError, HoldingsRules, Running};
use query_retrieve_scp::{CorrectionRules, Export, QueryRetrieveScp, RetrieveRules};
use secure_transport::{Authorities, Calling, Profile};
use storage_scp::StorageScp;
use storage_scp::offer::{CompressedFor, OfferSettings, StorageClasses};
use storage_scu::ContextLayout;
use upper_layer::negotiation::Identity;
use upper_layer::{Timers, Transport};
use vault::Disk;
use vocabulary::{AeTitle, InformationModel, Status, Uid, transfer_syntax};

use crate::baton::{Baton, clock, here};
use crate::catalog_file::CATALOG;
use crate::disk::Platter;
use crate::network::{End, Watcher};
use crate::universe::{CT, MR, uid};

/// What a broken service does: to see that it is found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It answers a C-STORE before it keeps the instance.
    AnswersFirst,
    /// It answers and keeps nothing, now and then.
    Forgets,
    /// It waits for something that never comes.
    Hangs,
}

/// What all associations have in common.
pub(crate) struct Archive {
    pub(crate) data: PathBuf,
    pub(crate) disk: Platter,
    pub(crate) rules: HoldingsRules,
    pub(crate) has_recorder: bool,
    pub(crate) fault: Option<Fault>,
    pub(crate) associations_max: u64,
    associations: AtomicU64,
    entities: Vec<Entity>,
    network: Network,
    storage_scp: StorageScp,
    query_retrieve_scp: QueryRetrieveScp,
}

/// A title that is one.
pub(crate) fn title(text: &str) -> Option<AeTitle> {
    AeTitle::parse(text).ok()
}

/// What either side says about itself.
pub(crate) fn identity(max_pdu_length: u32) -> Identity {
    Identity {
        max_pdu_length,
        implementation_class_uid: uid("1.2.3.4.5"),
        implementation_version_name: "SIMULATION".to_owned(),
    }
}

/// The timers of both sides.
pub(crate) fn timers() -> Timers {
    Timers { artim: Duration::from_secs(10), ..Timers::default() }
}

/// How long the server lets an association be idle.
const IDLE: Duration = Duration::from_secs(60);

impl Archive {
    pub(crate) fn new(data: PathBuf, disk: Platter, rules: HoldingsRules) -> Option<Self> {
        let storage = OfferSettings {
            classes: StorageClasses::None,
            classes_added: vec![uid(CT), uid(MR)],
            classes_removed: Vec::new(),
            transfer_syntaxes: vec![
                uid(transfer_syntax::EXPLICIT_VR_LITTLE_ENDIAN),
                uid(transfer_syntax::IMPLICIT_VR_LITTLE_ENDIAN),
            ],
            compressed_for: CompressedFor::EveryClass,
            transfer_syntax_order: Vec::new(),
        };
        let query = query_retrieve_scp::offer::OfferSettings {
            information_models: vec![InformationModel::StudyRoot, InformationModel::PatientRoot],
            get: true,
            transfer_syntaxes: Vec::new(),
            storage_classes: storage_scp::offer::storage_classes(&storage).collect(),
        };
        let entity = |name, offer| {
            Some(Entity {
                name,
                ae_title: title("ARCHIVE")?,
                access: Access::default(),
                reject_without_context: false,
                identity: identity(16_384),
                idle: IDLE,
                offer,
            })
        };
        let network = Network { timers: timers(), sent_pdu_length_max: 131_072 };
        let export = Export {
            scu: storage_scu::Export {
                initiation: Initiation {
                    ae_title: title("ARCHIVE")?,
                    identity: identity(16_384),
                    connect: Duration::from_secs(1),
                    connecting: Arc::new(Directly),
                    calling: Calling::new(Profile::Bcp195, None, Authorities::none()),
                    network,
                },
                layout: ContextLayout::OneSyntaxEach,
                retries: 0,
                retry_delay: Duration::ZERO,
            },
            response_timeout: Duration::from_secs(30),
            rules: storage_scu::RulesOfPeers::default(),
            warnings: storage_scu::responses::Warnings::default(),
            corrections: CorrectionRules {
                exported: true,
                original_attributes: false,
                system: "SIMULATION".to_owned(),
            },
            wait_for_turn: Duration::ZERO,
        };
        Some(Self {
            data,
            disk,
            rules,
            has_recorder: false,
            fault: None,
            associations_max: u64::MAX,
            associations: AtomicU64::new(0),
            entities: vec![
                entity("STORAGE-SCP", storage_scp::offer::offer(&storage))?,
                entity("QUERY-RETRIEVE-SCP", query_retrieve_scp::offer::offer(&query))?,
            ],
            network,
            storage_scp: StorageScp {
                implementation_class_uid: uid("1.2.3.4.5"),
                implementation_version_name: "SIMULATION".to_owned(),
                warns_of_coercion: true,
                clock,
            },
            query_retrieve_scp: QueryRetrieveScp {
                ae_title: title("ARCHIVE")?,
                query_rules: QueryRules::STANDARD,
                retrieve_rules: RetrieveRules {
                    patient_level: true,
                    response_first: false,
                    warnings_are_success: false,
                    partial_failure_fails: false,
                    stops_at_failure: false,
                    compares_checksum: false,
                },
                peers: Peers::new(Vec::new()),
                export,
            },
        })
    }

    /// Opens the holdings as the program itself does.
    pub(crate) fn open(&self) -> Result<Holdings, HoldingsError> {
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        Holdings::open_on(disk, &self.data, self.rules.clone(), CatalogAccess::ReadWrite)
    }

    fn open_for_association(&self) -> Result<Holdings, HoldingsError> {
        if !self.has_recorder {
            return self.open();
        }
        Holdings::open_beside_recorder_on(Arc::new(self.disk.clone()), &self.data, self.rules.clone())
    }

    /// A new life: nobody is there yet.
    pub(crate) fn begin(&self) {
        self.associations.store(0, Ordering::Relaxed);
    }

    /// How many associations have a place.
    pub(crate) fn associations(&self) -> u64 {
        self.associations.load(Ordering::Relaxed)
    }

    /// Serves one association.
    pub(crate) fn serve(&self, end: End) {
        let mut overseer = Watched { watcher: end.watcher(), archive: self, has_place: false };
        let mut services = Behind { archive: self, holdings: None };
        let entities: Vec<&Entity> = self.entities.iter().collect();
        let peer = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 11_112);
        let acquaintances = Acquaintances::default();
        let reception =
            Reception { entities: &entities, acquaintances: &acquaintances, network: &self.network };
        serve(end, &Caller::at(peer), &reception, &mut overseer, &mut services);
    }
}

/// The services behind an association.
struct Behind<'a> {
    archive: &'a Archive,
    holdings: Option<(Holdings, Running)>,
}

impl Behind<'_> {
    fn holdings(&mut self) -> Result<&mut Holdings, HoldingsError> {
        let opened = match self.holdings.take() {
            Some(opened) => opened,
            None => {
                let holdings = self.archive.open_for_association()?;
                let running = holdings.join()?;
                (holdings, running)
            }
        };
        Ok(&mut self.holdings.insert(opened).0)
    }
}

fn count(what: &'static str) {
    if let Some((baton, _)) = here() {
        baton.count(what);
    }
}

fn fall_short<T: Transport>(dialogue: &mut Dialogue<T>, rq: &dimse::Request) -> Result<(), Ended> {
    count("holdings could not be opened");
    refuse(dialogue, rq, Outcome::new(Status::OUT_OF_RESOURCES))
}

impl<T: Transport> Services<T> for Behind<'_> {
    fn store(
        &mut self,
        dialogue: &mut Dialogue<T>,
        rq: StoreRq,
        attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        let archive = self.archive;
        match archive.fault {
            None => {}
            Some(Fault::Hangs) => {
                if let Some((baton, id)) = here() {
                    baton.wait(id, crate::baton::Awaits::Time, None);
                }
            }
            Some(Fault::Forgets) => {
                let forgets = here().is_some_and(|(baton, _)| baton.random(|random| random.chance(5)));
                if forgets {
                    dialogue.drain_data_set()?;
                    return dialogue.respond(&rq.respond(Status::SUCCESS), None);
                }
            }
            Some(Fault::AnswersFirst) => return self.answer_first(dialogue, &rq),
        }
        match self.holdings() {
            Ok(holdings) => archive.storage_scp.store(holdings, dialogue, &rq, attendance),
            Err(_) => fall_short(dialogue, &rq.into()),
        }
    }

    fn find(
        &mut self,
        dialogue: &mut Dialogue<T>,
        rq: FindRq,
        attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        let archive = self.archive;
        match self.holdings() {
            Ok(holdings) => archive.query_retrieve_scp.find(holdings, dialogue, &rq, attendance),
            Err(_) => fall_short(dialogue, &rq.into()),
        }
    }

    fn get(
        &mut self,
        dialogue: &mut Dialogue<T>,
        rq: GetRq,
        attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        let archive = self.archive;
        match self.holdings() {
            Ok(holdings) => archive.query_retrieve_scp.get(holdings, dialogue, &rq, attendance),
            Err(_) => fall_short(dialogue, &rq.into()),
        }
    }
}

impl Behind<'_> {
    /// [`Fault::AnswersFirst`].
    fn answer_first<T: Transport>(&mut self, dialogue: &mut Dialogue<T>, rq: &StoreRq) -> Result<(), Ended> {
        let Some(context) = dialogue.context(rq.context_id) else { return Ok(()) };
        let arriving = holdings::Arriving {
            sop_class_uid: rq.affected_sop_class_uid.clone(),
            sop_instance_uid: rq.affected_sop_instance_uid.clone(),
            transfer_syntax_uid: context.transfer_syntax.clone(),
            origin: holdings::Origin {
                implementation_class_uid: uid("1.2.3.4.5"),
                implementation_version_name: "SIMULATION".to_owned(),
                source_ae_title: None,
            },
        };
        let mut bytes = Vec::new();
        while let Some(piece) = dialogue.data_set_piece()? {
            bytes.extend_from_slice(piece);
        }
        dialogue.respond(&rq.respond(Status::SUCCESS), None)?;
        if let Ok(holdings) = self.holdings()
            && let Ok(mut ingest) = holdings.begin(arriving)
            && ingest.write(&bytes).is_ok()
        {
            drop(holdings.keep(ingest, clock()));
        }
        Ok(())
    }
}

/// The supervisor, as an association sees it.
struct Watched<'a> {
    watcher: Watcher,
    archive: &'a Archive,
    has_place: bool,
}

impl Overseer for Watched<'_> {
    fn admit(&mut self, _entity: &str, _calling: &AeTitle, _called: &str) -> Admission {
        let places = &self.archive.associations;
        if places.load(Ordering::Relaxed) >= self.archive.associations_max {
            count("association had no place");
            return Admission::Refused(NoPlace::LocalLimitExceeded);
        }
        places.fetch_add(1, Ordering::Relaxed);
        self.has_place = true;
        count("association was admitted");
        Admission::Admitted
    }

    fn activity(&mut self, _text: &str) {}

    fn await_peer(&mut self, at_most: Duration) -> Awaited {
        let spoke = self.watcher.wait(at_most);
        match here() {
            Some((baton, _)) if !spoke && baton.is_stopping() => Awaited::Stop,
            _ if spoke => Awaited::Peer,
            _ => Awaited::Nothing,
        }
    }

    fn done(&mut self) {
        if std::mem::take(&mut self.has_place) {
            self.archive.associations.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn export_permit(&mut self) -> Option<Box<dyn Permit>> {
        Some(Box::new(Nobody))
    }

    fn passcode_permit(&mut self) -> Option<Box<dyn Permit>> {
        Some(Box::new(Nobody))
    }
}

impl Drop for Watched<'_> {
    /// The supervisor sees that a child died.
    fn drop(&mut self) {
        self.done();
    }
}

/// A recorder on a thread of its own, which needs no baton: it does nothing unless one who has it asks, and he waits
/// for the answer; what is asked ahead changes nothing, and is read before anything else is written.
pub(crate) struct Recording {
    catalog: PathBuf,
    running: Mutex<Option<(UnixStream, JoinHandle<()>)>>,
}

impl Recording {
    pub(crate) fn begin(archive: &Archive) -> Option<Arc<Self>> {
        let mut recorder = Holdings::open_recorder(&archive.data).ok()?;
        let (stop, stopped) = UnixStream::pair().ok()?;
        let thread = thread::spawn(move || drop(recorder.run(stopped.as_fd())));
        let running = Mutex::new(Some((stop, thread)));
        Some(Arc::new(Self { catalog: archive.data.join(CATALOG), running }))
    }

    /// The recorder dies.
    pub(crate) fn end(&self) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((stop, thread)) = running else { return false };
        // Whatever was asked before this is answered before this is.
        if let Ok(catalog) = Catalog::open_beside_recorder(&self.catalog) {
            drop(catalog.recall("nothing"));
        }
        drop(stop);
        drop(thread.join());
        true
    }
}

/// Keeps house, as often as it is told.
pub(crate) fn keep_house(archive: &Archive, pauses: &[Duration]) {
    let Some((baton, id)) = here() else { return };
    let Ok(mut holdings) = archive.open() else { return };
    for pause in pauses {
        baton.sleep(id, *pause);
        if baton.is_stopping() {
            return;
        }
        match holdings.housekeep(baton.time()) {
            Ok(_) => baton.count("house was kept"),
            Err(_) => baton.count("house could not be kept"),
        }
    }
}

/// The only uid that a peer proposes for storage, beside [`CT`].
pub(crate) const STORED: [&str; 2] = [CT, MR];

/// So that an empty list of proposals needs no type.
pub(crate) fn uids(all: &[&str]) -> Vec<Uid> {
    all.iter().map(|text| uid(text)).collect()
}

/// Notes a violation, where there is a baton.
pub(crate) fn violate(words: String) {
    if let Some((baton, _)) = here() {
        Baton::violate(&baton, words);
    }
}

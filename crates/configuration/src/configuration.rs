//! What holds, as small structs: each room is given the ones it needs, never the whole.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::tls::Tls;
use crate::words::{
    AssociationsCounted, CoercionAnswer, CommitmentCheck, CommitmentIncomplete, CompressedFor, Contexts,
    CorrectedValues, Duplicates, HigherLevelKeys, InformationModel, Isolation, Lenience, LogFormat, LogLevel,
    LossyCompression, MatchingTable, Modality, Names, NoAcceptableContext, NotificationRefused,
    OnSubOperationFailure, PartialFailure, PatientIdConflict, PhotometricInterpretation, Preset,
    RequiredElements, ReturnedAttributes, Sandbox, SeveralValues, Sex, SignedInstances, SopClasses, Sync,
    SyslogTransport, TokenAlgorithm, UltrasoundClasses, UnmatchedKeys, UserIdentity, WarningStatuses,
    WarningsEndIn,
};
use crate::{AddressRange, AeTitle, Uid};

/// Everything that holds. Each field is one setting; its text is in the record of that setting.
///
/// Obtained from [`effective`](crate::effective), or in a child process from what its supervisor sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// `preset`
    pub preset: Preset,
    /// `data`
    pub data: PathBuf,
    /// `isolation`
    pub isolation: Isolation,
    /// `sandbox`
    pub sandbox: Sandbox,
    /// `[log]`
    pub log: Log,
    /// `[network]`
    pub network: Network,
    /// `[storage-scp]`
    pub storage_scp: StorageScp,
    /// `[query-retrieve-scp]`
    pub query_retrieve_scp: QueryRetrieveScp,
    /// `[storage-scu]`
    pub storage_scu: StorageScu,
    /// `[corrections]`
    pub corrections: Corrections,
    /// `[tls]`
    pub tls: Tls,
    /// `[scrub]`
    pub scrub: Scrub,
    /// `[supervisor]`
    pub supervisor: Supervisor,
    /// `[web]`
    pub web: Web,
    /// `[audit]`
    pub audit: Audit,
    /// `[unknown-peer]`
    pub unknown_peer: UnknownPeer,
    /// `[[peer]]`, `[[user]]` and the like.
    #[serde(flatten)]
    pub tables: Tables,
}

/// The sections that the file may have many times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tables {
    /// `[[peer]]`, in the order of the file; no title twice.
    pub peers: Vec<Peer>,
    /// `[[user]]`, in the order of the file; no name twice.
    pub users: Vec<User>,
    /// `[[token-key]]`, in the order of the file.
    pub token_keys: Vec<TokenKey>,
}

/// `[log]`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// `log.format`
    pub format: LogFormat,
    /// `log.level`
    pub level: LogLevel,
}

/// `[network]`: what every association keeps to, whichever AE runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// `network.max-pdu-send`, in bytes
    pub max_pdu_send: u32,
    /// `network.connect-timeout`
    pub connect_timeout: Duration,
    /// `network.artim`
    pub artim: Duration,
    /// `network.association-response-timeout`
    pub association_response_timeout: Duration,
    /// `network.release-timeout`
    pub release_timeout: Duration,
    /// `network.write-timeout`
    pub write_timeout: Duration,
    /// `network.between-packets-timeout`
    pub between_packets_timeout: Duration,
}

/// What both SCPs have: how associations are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptor {
    /// `ae-title`
    pub ae_title: AeTitle,
    /// `listen`
    pub listen: SocketAddr,
    /// `tls-listen`; nothing listens there without `tls.certificate`
    pub tls_listen: Option<SocketAddr>,
    /// `associations`
    pub associations: u32,
    /// `associations-counted`
    pub associations_counted: AssociationsCounted,
    /// `max-pdu`, in bytes
    pub max_pdu: u32,
    /// `idle-timeout`
    pub idle_timeout: Duration,
    /// `check-called-ae-title`
    pub check_called_ae_title: bool,
    /// `allowed-calling-ae-titles`; empty: all
    pub allowed_calling_ae_titles: Vec<AeTitle>,
    /// `allowed-addresses`; empty: all
    pub allowed_addresses: Vec<AddressRange>,
    /// `no-acceptable-context`
    pub no_acceptable_context: NoAcceptableContext,
    /// `user-identity`
    pub user_identity: UserIdentity,
}

/// `[storage-scp]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageScp {
    /// What both SCPs have.
    pub acceptor: Acceptor,
    /// `storage-scp.may-share-ae-title`
    pub may_share_ae_title: bool,
    /// `storage-scp.sop-classes`
    pub sop_classes: SopClasses,
    /// `storage-scp.sop-classes-added`
    pub sop_classes_added: Vec<Uid>,
    /// `storage-scp.sop-classes-removed`
    pub sop_classes_removed: Vec<Uid>,
    /// `storage-scp.transfer-syntaxes`, besides Implicit VR Little Endian; empty: all that are known
    pub transfer_syntaxes: Vec<Uid>,
    /// `storage-scp.compressed-for`
    pub compressed_for: CompressedFor,
    /// `storage-scp.transfer-syntax-order`, most preferred first; empty: the requestor's order decides
    pub transfer_syntax_order: Vec<Uid>,
    /// `storage-scp.sync`
    pub sync: Sync,
    /// `storage-scp.duplicates`
    pub duplicates: Duplicates,
    /// `storage-scp.patient-id-conflict`
    pub patient_id_conflict: PatientIdConflict,
    /// `storage-scp.names`
    pub names: Names,
    /// `storage-scp.sex`
    pub sex: Sex,
    /// `storage-scp.modality`
    pub modality: Modality,
    /// What stands for empty values.
    #[serde(flatten)]
    pub defaults: Defaults,
    /// `storage-scp.coercion-answer`
    pub coercion_answer: CoercionAnswer,
    /// `storage-scp.required-elements`
    pub required_elements: RequiredElements,
    /// `storage-scp.reserved-space`, in bytes
    pub reserved_space: u32,
    /// `storage-scp.keep-rejected`, in bytes; 0: nothing is kept
    pub keep_rejected: u32,
    /// `storage-scp.exam-types`; empty: series have none
    pub exam_types: Vec<String>,
    /// `storage-scp.commitment-check`
    pub commitment_check: CommitmentCheck,
    /// `storage-scp.commitment-incomplete`
    pub commitment_incomplete: CommitmentIncomplete,
    /// `storage-scp.notification-on-new-association`
    pub notification_on_new_association: bool,
    /// `storage-scp.notification-quiet-time`
    pub notification_quiet_time: Duration,
    /// `storage-scp.notification-response-timeout`
    pub notification_response_timeout: Duration,
    /// `storage-scp.notification-attempts`
    pub notification_attempts: u32,
    /// `storage-scp.notification-retry-wait`
    pub notification_retry_wait: Duration,
    /// `storage-scp.notification-refused`
    pub notification_refused: NotificationRefused,
    /// `storage-scp.pending-notifications`; 0: any number
    pub pending_notifications: u32,
    /// `storage-scp.transaction-uids-remembered`
    pub transaction_uids_remembered: Duration,
}

/// The settings of `[storage-scp]` that say what stands for empty values of instances; `None`: nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defaults {
    /// `default-patient-name`
    #[serde(rename = "default_patient_name")]
    pub patient_name: Option<String>,
    /// `default-patient-id`
    #[serde(rename = "default_patient_id")]
    pub patient_id: Option<String>,
    /// `default-patient-birth-date`, as YYYYMMDD
    #[serde(rename = "default_patient_birth_date")]
    pub patient_birth_date: Option<String>,
    /// `default-study-date`, as YYYYMMDD
    #[serde(rename = "default_study_date")]
    pub study_date: Option<String>,
    /// `default-accession-number`
    #[serde(rename = "default_accession_number")]
    pub accession_number: Option<String>,
    /// `default-modality`
    #[serde(rename = "default_modality")]
    pub modality: Option<String>,
}

/// `[query-retrieve-scp]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryRetrieveScp {
    /// What both SCPs have.
    pub acceptor: Acceptor,
    /// `query-retrieve-scp.transfer-syntaxes` of identifiers; empty: all that are not for compressed pixel data
    pub transfer_syntaxes: Vec<Uid>,
    /// `query-retrieve-scp.information-models`; never empty
    pub information_models: Vec<InformationModel>,
    /// `query-retrieve-scp.get`
    pub get: bool,
    /// `query-retrieve-scp.patient-level-retrieve`
    pub patient_level_retrieve: bool,
    /// `query-retrieve-scp.missing-higher-level-keys`: unique keys above the level, absent or empty
    pub missing_higher_level_keys: Lenience,
    /// `query-retrieve-scp.several-higher-level-keys`: unique keys above the level, with a list or wild cards
    pub several_higher_level_keys: Lenience,
    /// `query-retrieve-scp.missing-unique-key`: the unique key of the level itself, absent
    pub missing_unique_key: Lenience,
    /// `query-retrieve-scp.other-higher-level-keys`
    pub other_higher_level_keys: HigherLevelKeys,
    /// `query-retrieve-scp.several-values`: in a key that is no UID
    pub several_values: SeveralValues,
    /// `query-retrieve-scp.empty-matches`
    pub empty_matches: bool,
    /// `query-retrieve-scp.refuse-unrestricted-queries`
    pub refuse_unrestricted_queries: bool,
    /// `query-retrieve-scp.matching`
    pub matching: MatchingTable,
    /// `query-retrieve-scp.unmatched-keys`
    pub unmatched_keys: UnmatchedKeys,
    /// `query-retrieve-scp.returned-attributes`
    pub returned_attributes: ReturnedAttributes,
    /// `query-retrieve-scp.move-response-first`
    pub move_response_first: bool,
    /// `query-retrieve-scp.warnings-end-in`
    pub warnings_end_in: WarningsEndIn,
    /// `query-retrieve-scp.partial-failure`
    pub partial_failure: PartialFailure,
    /// `query-retrieve-scp.on-sub-operation-failure`
    pub on_sub_operation_failure: OnSubOperationFailure,
    /// `query-retrieve-scp.compare-checksums`
    pub compare_checksums: bool,
}

/// `[storage-scu]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageScu {
    /// `storage-scu.ae-title`
    pub ae_title: AeTitle,
    /// `storage-scu.associations`
    pub associations: u32,
    /// `storage-scu.wait-for-turn`
    pub wait_for_turn: Duration,
    /// `storage-scu.max-pdu`, in bytes
    pub max_pdu: u32,
    /// `storage-scu.sop-classes`
    pub sop_classes: SopClasses,
    /// `storage-scu.sop-classes-added`
    pub sop_classes_added: Vec<Uid>,
    /// `storage-scu.sop-classes-removed`
    pub sop_classes_removed: Vec<Uid>,
    /// `storage-scu.contexts`
    pub contexts: Contexts,
    /// `storage-scu.response-timeout`
    pub response_timeout: Duration,
    /// `storage-scu.warning-statuses`
    pub warning_statuses: WarningStatuses,
    /// `storage-scu.signed-instances`
    pub signed_instances: SignedInstances,
    /// `storage-scu.open-retries`
    pub open_retries: u32,
    /// `storage-scu.open-retry-wait`
    pub open_retry_wait: Duration,
}

/// `[corrections]`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Corrections {
    /// `corrections.exports`
    pub exports: CorrectedValues,
    /// `corrections.original-attributes`
    pub original_attributes: bool,
}

/// `[scrub]`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scrub {
    /// `scrub.every`; zero: never
    pub every: Duration,
    /// `scrub.rate`, in bytes a second
    pub rate: u32,
}

/// `[supervisor]`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supervisor {
    /// `supervisor.pending-connections`
    pub pending_connections: u32,
    /// `supervisor.associations-ceiling`
    pub associations_ceiling: u32,
    /// `supervisor.admission-grace`
    pub admission_grace: Duration,
    /// `supervisor.drain-grace`
    pub drain_grace: Duration,
}

/// `[web]`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Web {
    /// `web.listen`; nothing listens there in this version
    pub listen: Option<SocketAddr>,
}

/// `[audit]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// `audit.enabled`
    pub enabled: bool,
    /// `audit.file-size`, in bytes
    pub file_size: u32,
    /// `audit.syslog-host`
    pub syslog_host: Option<String>,
    /// `audit.syslog-port`
    pub syslog_port: u32,
    /// `audit.syslog-transport`
    pub syslog_transport: SyslogTransport,
    /// `audit.syslog-authorities`
    pub syslog_authorities: Option<PathBuf>,
}

/// A `[[peer]]`: a remote AE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// `ae-title`
    pub ae_title: AeTitle,
    /// `host`: a name or an address
    pub host: String,
    /// `port`
    pub port: u16,
    /// `tls`
    pub tls: bool,
    /// `certificates`: fingerprints and names
    pub certificates: Vec<String>,
    /// `calls-from`; empty: anywhere
    pub calls_from: Vec<AddressRange>,
    /// `user`: whom we are when we call it
    pub user: Option<String>,
    /// `passcode-file`
    pub passcode_file: Option<PathBuf>,
    /// What it may do.
    pub rights: Rights,
    /// What instances are made into for it.
    pub export: PeerExport,
}

/// The settings of a `[[peer]]` that say what instances are made into for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerExport {
    /// `transfer-syntaxes`, most preferred first; empty: the one an instance is held in, and the uncompressed ones
    pub transfer_syntaxes: Vec<Uid>,
    /// `ultrasound-classes`
    pub ultrasound_classes: UltrasoundClasses,
    /// `lossy-compression`
    pub lossy_compression: LossyCompression,
    /// `jpeg-quality`
    pub jpeg_quality: u32,
    /// `photometric-interpretation`
    pub photometric_interpretation: PhotometricInterpretation,
    /// `window-center`, as a decimal string
    pub window_center: Option<String>,
    /// `window-width`, as a decimal string
    pub window_width: Option<String>,
}

/// What somebody may do: settings that several sections have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// `may-store`
    pub may_store: bool,
    /// `may-find`
    pub may_find: bool,
    /// `may-retrieve`
    pub may_retrieve: bool,
    /// `retrieve-to`; empty: anywhere
    pub retrieve_to: Vec<AeTitle>,
    /// `may-ask-commitment`
    pub may_ask_commitment: bool,
}

/// `[unknown-peer]`: what those may do who have no `[[peer]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownPeer {
    /// `unknown-peer.may-call`
    pub may_call: bool,
    /// What they may do if so.
    #[serde(flatten)]
    pub rights: Rights,
}

/// A `[[user]]`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// `name`
    pub name: String,
    /// `passcode-hash`, a PHC string; none: the name alone will do
    pub passcode_hash: Option<String>,
    /// What the user may do.
    pub rights: Rights,
}

impl fmt::Debug for User {
    /// Hashes do not belong into logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("name", &self.name).field("rights", &self.rights).finish_non_exhaustive()
    }
}

/// A `[[token-key]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenKey {
    /// `algorithm`
    pub algorithm: TokenAlgorithm,
    /// `file`
    pub file: PathBuf,
    /// `issuer`
    pub issuer: String,
    /// `audience`
    pub audience: String,
    /// `key-id`
    pub key_id: Option<String>,
    /// What whoever has a token may do.
    pub rights: Rights,
}

impl Configuration {
    /// The peer of a title.
    pub fn peer(&self, ae_title: &str) -> Option<&Peer> {
        self.tables.peers.iter().find(|peer| peer.ae_title.as_str() == ae_title)
    }
}

//! What Isocenter is told, and what holds in the end.
//!
//! In: one TOML file, `ISOCENTER_…` environment variables, `--set key=value` ([`Sources`]). Out: a
//! [`Configuration`], small structs that the other rooms are given piece by piece, or every mistake at once
//! ([`ConfigurationError`]). One record a setting ([`SECTIONS`]): the file's keys, the flags, the environment
//! names, the error texts and the printed reference are all made from it.
//!
//! Read `setting` and `kind`, then `settings`, then `effective`.
//!
//! Absent on purpose: every other room of ours. This one says what an operator may say; what a value does is
//! known where it is used. So AE titles, UIDs and address ranges have small checked types of their own here.

mod address_range;
mod ae_title;
mod assemble;
mod changes;
mod configuration;
mod consistency;
mod decisions;
mod effective;
mod error;
mod explain;
mod kind;
mod passcode_hash;
mod quantity;
mod reference;
mod said;
mod sealed;
mod setting;
mod settings;
mod source;
mod tls;
mod uid;
mod value;
mod words;

pub use address_range::AddressRange;
pub use ae_title::AeTitle;
pub use changes::Change;
pub use configuration::{
    Acceptor, Audit, Configuration, Corrections, Defaults, Log, Network, Peer, PeerExport, QueryRetrieveScp,
    Rights, Scrub, StorageScp, StorageScu, Supervisor, Tables, TokenKey, UnknownPeer, User, Web,
};
pub use decisions::{Decision, decisions, decisions_page};
pub use effective::{Effective, Holding, effective};
pub use error::ConfigurationError;
pub use kind::Kind;
pub use reference::reference;
pub use setting::{Setting, TakesEffect};
pub use settings::{SECTIONS, Section, find, settings};
pub use source::{Source, Sources};
pub use tls::{Tls, TlsFileError, TlsTexts};
pub use uid::Uid;
pub use value::Value;
pub use words::{
    AssociationsCounted, ClientCertificates, CoercionAnswer, CommitmentCheck, CommitmentIncomplete,
    CompressedFor, Contexts, CorrectedValues, Duplicates, HigherLevelKeys, InformationModel, Isolation,
    Lenience, LogFormat, LogLevel, LossyCompression, MatchingTable, Modality, Names, NoAcceptableContext,
    NotificationRefused, OnSubOperationFailure, PartialFailure, PatientIdConflict, PhotometricInterpretation,
    Preset, RequiredElements, ReturnedAttributes, Sandbox, SeveralValues, Sex, SignedInstances, SopClasses,
    Sync, SyslogTransport, TlsProfile, TokenAlgorithm, UltrasoundClasses, UnmatchedKeys, UserIdentity,
    WarningStatuses, WarningsEndIn, Word, Words,
};

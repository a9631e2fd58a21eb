//! What Isocenter is told, and what holds in the end.
//!
//! In: one TOML file, `ISOCENTER_…` environment variables, `--set key=value` ([`Sources`]). Out: a
//! [`Configuration`], small structs that the other rooms are given piece by piece, or every mistake at once
//! ([`ConfigurationError`]). One record a setting ([`SECTIONS`]): the file's keys, the flags, the environment
//! names, the error texts and the printed reference are all made from it.
//!
//! Read `setting`, then `settings`, then `effective`.
//!
//! Absent on purpose: every other room of ours. This one says what an operator may say; what a value does is
//! known where it is used. So AE titles, UIDs and address ranges have small checked types of their own here.

mod address_range;
mod ae_title;
mod configuration;
mod uid;
mod words;

pub use address_range::AddressRange;
pub use ae_title::AeTitle;
pub use configuration::{
    Acceptor, Configuration, Log, Network, Peer, QueryRetrieveScp, StorageScp, StorageScu, Supervisor, Web,
};
pub use uid::Uid;
pub use words::{
    AssociationsCounted, CompressedFor, Contexts, InformationModel, Isolation, LogFormat, LogLevel,
    MatchingTable, MissingHigherLevelKeys, NoAcceptableContext, OnSubOperationFailure, PartialFailure,
    Preset, ReturnedAttributes, SopClasses, Sync, UnmatchedKeys, WarningsEndIn, Word, Words,
};

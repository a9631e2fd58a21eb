//! The catalog: what we know of the patients, studies, series and instances that the vault holds.
//!
//! In: the attributes of an instance and where its file lies ([`InstanceRow`], [`Location`]); an identifier of
//! C-FIND, C-MOVE or C-GET ([`Query`], [`Retrieve`]). Out: [`Recorded`], the proof of a commit; [`Matches`], one
//! [`Answer`] after the other; the instances to be sent ([`Held`]).
//!
//! Read [`keys`] first: the table of PS3.4 C.6 that extraction, columns and matching are made from. Then
//! [`matching`], which decides; SQL only narrows what it looks at.
//!
//! Absent on purpose: files and directories of the vault, PDUs, statuses other than those of a refused query.

mod answer;
mod catalog;
mod changes;
mod choose;
mod correct;
mod entities;
mod error;
mod exam_types;
mod extract;
mod filling;
mod find;
mod further;
mod held;
pub mod keys;
pub mod limits;
mod locate;
mod lock;
pub mod matching;
mod narrow;
mod normal;
mod overrides;
mod plan;
mod query;
mod record;
mod recorder;
mod remove;
mod retrieve;
mod rules;
mod schema;
mod search_text;
mod seen;
mod study_sets;
mod texts;
mod verify;
mod writing;

pub use answer::{Answer, Encoder};
pub use catalog::{Access, Catalog, Checkpointed};
pub use changes::Change;
pub use correct::{Correctable, Of, PatientIdentity, Subject, valid};
pub use error::CatalogError;
pub use exam_types::ExamTypes;
pub use extract::{ExtractError, InstanceRow};
pub use filling::Filling;
pub use find::{Find, Look, Matches};
pub use held::{Held, Location, Outcome, Place, Recorded};
pub use normal::comparable_name;
pub use overrides::{Assigned, Overrides};
pub use query::{Query, QueryRefused, UNFIT_RETRIEVE, statuses};
pub use recorder::{Failed, Recorder, listen, reach};
pub use retrieve::{Kind, Retrieval, Retrieve};
pub use rules::{Lenience, Letters, Offered, OfferedKey, QueryRules, SeveralValues, UpperKeys};

#[cfg(test)]
mod trial;

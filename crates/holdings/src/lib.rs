//! The holdings: vault and catalog kept in step, and the only place that may say "stored".
//!
//! In: an instance as it arrives ([`Arriving`], then its bytes, into an [`Ingest`]), a question, a request to retrieve.
//! Out: [`Kept`], the proof that success may be answered; or [`NotKept`], which knows the status, the words and the
//! elements of the answer.
//!
//! Read [`Holdings::begin`] and [`Holdings::keep`] first: the bytes go to the vault, then the row to the catalog, then
//! there is a [`Kept`]. Then [`Refusal`], the table of what is not taken and why. Then [`Holdings::start`]: what
//! either of the two holds alone after an unclean end, and what is done about it. Then [`Holdings::correct`]: values that
//! answers and exports have, and files do not.
//!
//! Absent on purpose: associations and messages; the clock (the caller says when an instance was received).

mod arrival;
mod coercion;
mod correct;
mod error;
mod holdings;
mod housekeeping;
mod import;
mod import_all;
mod ingest;
mod keep;
mod kept;
mod noted;
mod open;
mod read;
mod reconcile;
mod refusal;
mod reindex;
mod rules;
mod scrub;
mod standing;
mod start;
mod turn;
mod verify;

pub use catalog::Recorder;
pub use correct::{Change, Correction, CorrectionRequest, Moved, Named, NotCorrected};
pub use error::HoldingsError;
pub use holdings::Holdings;
pub use housekeeping::Housekept;
pub use import::NotImported;
pub use ingest::{Arriving, Ingest, Origin};
pub use kept::{How, Kept};
pub use open::{Checked, OpenInstance};
pub use reconcile::{Finding, Reconciled};
pub use refusal::{NOT_KEPT, NotKept, Refusal, SHORT};
pub use reindex::Reindexed;
pub use rules::{Duplicates, HoldingsRules, Modality, Names, PatientIdConflict, Required, Sex};
pub use scrub::{LastScrub, Pace, ScrubRules, Scrubbing, scrub};
pub use standing::Standing;
pub use start::{LastEnd, Running, Started};
pub use vault::{Digest, InstanceKey, Sync};
pub use verify::{Extent, Fault, Inspect, Verified};

//! The words of the standard: what every other room of Isocenter speaks in.
//!
//! In: what a peer or an operator wrote. Out: values that can only be valid ([`AeTitle`], [`Uid`], [`Tag`],
//! [`Vr`]), open sets that keep what they do not know ([`Status`]), and the fact tables ([`sop_class`],
//! [`transfer_syntax`], [`limits`]).
//!
//! Read [`ae_title`](AeTitle) and [`uid`](Uid) first, then the tables.
//!
//! Absent on purpose: input and output, the clock, and anything that knows how bytes travel.

mod ae_title;
mod blame;
mod day;
mod level;
pub mod limits;
pub mod sop_class;
mod status;
mod status_row;
mod tag;
pub mod transfer_syntax;
mod uid;
mod vr;
mod written;

pub use ae_title::{AeTitle, AeTitleError};
pub use blame::Blame;
pub use day::{Day, DayError};
pub use level::{InformationModel, Level};
pub use status::{Category, Status};
pub use status_row::StatusRow;
pub use tag::Tag;
pub use transfer_syntax::Encoding;
pub use uid::{Uid, UidError};
pub use vr::Vr;

//! DIMSE (PS3.7): what two application entities say to each other over an association.
//!
//! In: fragments of an [`upper_layer::Association`]. Out: typed requests ([`Request`]) and responses
//! ([`Response`]), each with what travels along inside; a response is made from its request.
//!
//! Read [`Dialogue`] first, then one service, [`StoreRq`] say.
//!
//! Absent on purpose: what any of it means (which SOP classes there are, what a data set holds), and more than one
//! operation at a time in each direction (GEN-009).

mod c_cancel;
mod c_echo;
mod c_find;
mod c_get;
mod c_move;
mod c_store;
mod command_field;
mod command_set;
mod dialogue;
mod ended;
mod incoming;
mod message;
mod n_action;
mod n_event_report;
mod outcome;
mod priority;
mod refusal;
pub mod statuses;
mod sub_operations;

pub use c_cancel::CancelRq;
pub use c_echo::{EchoRq, EchoRsp};
pub use c_find::{FindRq, FindRsp};
pub use c_get::{GetRq, GetRsp};
pub use c_move::{InvalidDestination, MoveRq, MoveRsp};
pub use c_store::{StoreRq, StoreRsp};
pub use command_field::CommandField;
pub use dialogue::Dialogue;
pub use ended::{CollectFailed, Ended, Misbehaviour, SendFailed};
pub use incoming::{Incoming, Request, Response};
pub use message::{Heading, Message, PreparedResponse};
pub use n_action::{NActionRq, NActionRsp};
pub use n_event_report::{NEventReportRq, NEventReportRsp};
pub use outcome::Outcome;
pub use priority::Priority;
pub use refusal::{Refusal, UnusableRq};
pub use sub_operations::SubOperations;

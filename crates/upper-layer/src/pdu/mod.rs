//! The protocol data units (PS3.8 9.3): each is read and written in one file.

mod abort;
mod associate;
mod associate_ac;
mod associate_rq;
mod items;
mod rejection;
mod title;
mod user_information;
mod user_items;

pub use abort::Abort;
pub use associate_ac::{AssociateAc, ContextAnswer, ContextRefusal};
pub use associate_rq::{AssociateRq, ContextFault, ProposedContext, UnusableContext};
pub use items::{Malformed, TooLong, UnknownItem};
pub use rejection::Rejection;
pub use title::TitleField;
pub use user_information::UserInformation;
pub use user_items::{
    AsynchronousWindow, CommonExtendedNegotiation, ExtendedNegotiation, RoleSelection, UserIdentity,
};

/// The DICOM application context (PS3.7 A.2.1), the only one there is.
pub const APPLICATION_CONTEXT_NAME: &str = "1.2.840.10008.3.1.1.1";

/// The types of PDUs (PS3.8 9.3.1).
pub mod pdu_type {
    /// A-ASSOCIATE-RQ.
    pub const ASSOCIATE_RQ: u8 = 0x01;
    /// A-ASSOCIATE-AC.
    pub const ASSOCIATE_AC: u8 = 0x02;
    /// A-ASSOCIATE-RJ.
    pub const ASSOCIATE_RJ: u8 = 0x03;
    /// P-DATA-TF.
    pub const P_DATA_TF: u8 = 0x04;
    /// A-RELEASE-RQ.
    pub const RELEASE_RQ: u8 = 0x05;
    /// A-RELEASE-RP.
    pub const RELEASE_RP: u8 = 0x06;
    /// A-ABORT.
    pub const ABORT: u8 = 0x07;
}

/// Type, reserved byte and length, which every PDU begins with.
pub const HEADER_BYTES: usize = 6;

/// A-RELEASE-RQ (PS3.8 9.3.6): nothing in it varies.
pub const RELEASE_RQ: [u8; 10] = [pdu_type::RELEASE_RQ, 0, 0, 0, 0, 4, 0, 0, 0, 0];

/// A-RELEASE-RP (PS3.8 9.3.7): nothing in it varies.
pub const RELEASE_RP: [u8; 10] = [pdu_type::RELEASE_RP, 0, 0, 0, 0, 4, 0, 0, 0, 0];

#[cfg(test)]
pub(crate) mod tests;

//! Why association requests are rejected, and with what (PS3.8 9.3.4): the table of PS3.2's acceptance policy.

use upper_layer::Rejection;
use upper_layer::pdu::ContextRefusal;

use crate::Entity;
use crate::peers::Acquaintances;
use crate::users::Demand;

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RejectionRow {
    /// What goes out.
    pub rejection: Rejection,
    /// When: a clause.
    pub when: &'static str,
}

const fn row(rejection: Rejection, when: &'static str) -> RejectionRow {
    RejectionRow { rejection, when }
}

pub(crate) const LIMIT: RejectionRow = row(
    Rejection::LOCAL_LIMIT_EXCEEDED,
    "The maximum number of associations runs; asking again later may help",
);
pub(crate) const CONGESTION: RejectionRow = row(
    Rejection::TEMPORARY_CONGESTION,
    "Memory or processes are short, too many passcodes are being checked, or the server is being stopped; asking again later may help",
);
pub(crate) const APPLICATION_CONTEXT: RejectionRow =
    row(Rejection::APPLICATION_CONTEXT_NAME_NOT_SUPPORTED, "The application context is not that of DICOM");
pub(crate) const CALLED_AE_TITLE: RejectionRow =
    row(Rejection::CALLED_AE_TITLE_NOT_RECOGNIZED, "The called AE title is not the one of this AE");
pub(crate) const CALLING_AE_TITLE: RejectionRow = row(
    Rejection::CALLING_AE_TITLE_NOT_RECOGNIZED,
    "The calling AE title is blank, or is not among those that may call, or not from this address or without its \
     certificate",
);
// For a barred address and for contexts that nobody accepts PS3.8 table 9-21 has no reason of its own: no reason is
// given (SIL-016).
pub(crate) const ADDRESS: RejectionRow =
    row(Rejection::NO_REASON, "The address of the peer is not among the allowed ones");
pub(crate) const NO_CONTEXT: RejectionRow =
    row(Rejection::NO_REASON, "None of the proposed presentation contexts is acceptable");
// As PS3.7 D.3.3.7 has it for an authorization that fails.
pub(crate) const USER_IDENTITY: RejectionRow = row(
    Rejection::NO_REASON_BY_ACSE,
    "The user identity is wrong or malformed, or one is required and there is none of a supported type",
);
// The upper layer gives these two by itself.
const UNREADABLE: RejectionRow =
    row(Rejection::NO_REASON_BY_ACSE, "The association request cannot be understood");
const PROTOCOL_VERSION: RejectionRow =
    row(Rejection::PROTOCOL_VERSION_NOT_SUPPORTED, "The protocol version of the request is not 1");

/// The rejections that an entity may answer with, as it is configured.
pub fn of(entity: &Entity) -> Vec<RejectionRow> {
    let mut rows = vec![LIMIT, CONGESTION, APPLICATION_CONTEXT];
    if entity.access.check_called_ae_title {
        rows.push(CALLED_AE_TITLE);
    }
    rows.push(CALLING_AE_TITLE);
    if entity.access.allowed_addresses.is_some() {
        rows.push(ADDRESS);
    }
    if entity.access.user_identity != Demand::Off {
        rows.push(USER_IDENTITY);
    }
    if entity.reject_without_context {
        rows.push(NO_CONTEXT);
    }
    rows.extend([UNREADABLE, PROTOCOL_VERSION]);
    rows
}

/// One row of the table of why presentation contexts are refused (PS3.8 table 9-18).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedContextRow {
    /// What goes out.
    pub refusal: ContextRefusal,
    /// When: a clause.
    pub when: &'static str,
}

const CONTEXT_ROWS: [RefusedContextRow; 4] = [
    RefusedContextRow {
        refusal: ContextRefusal::UserRejection,
        when: "The SOP class is offered, but the peer or its user may not do what it is for",
    },
    RefusedContextRow {
        refusal: ContextRefusal::NoReason,
        when: "The proposal of the context cannot be understood",
    },
    RefusedContextRow {
        refusal: ContextRefusal::AbstractSyntaxNotSupported,
        when: "The SOP class is not offered, or not in a role that is proposed",
    },
    RefusedContextRow {
        refusal: ContextRefusal::TransferSyntaxesNotSupported,
        when: "The SOP class is offered, but none of the transfer syntaxes is",
    },
];

/// The results with which contexts may be refused, given whom we know.
pub fn of_contexts(acquaintances: &Acquaintances) -> impl Iterator<Item = RefusedContextRow> {
    let is_limited = acquaintances.are_limited();
    CONTEXT_ROWS.into_iter().filter(move |row| is_limited || row.refusal != ContextRefusal::UserRejection)
}

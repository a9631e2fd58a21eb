use std::fmt;

/// The status of a DIMSE response (PS3.7 annex C). Every code is kept, known or not.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub u16);

/// The class that a status belongs to (PS3.7 C.1 to C.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// The operation was done.
    Success,
    /// It was done, with a remark.
    Warning,
    /// It was not done.
    Failure,
    /// It was cancelled.
    Cancel,
    /// More responses follow.
    Pending,
}

/// One row of the table of statuses: code, name of the constant, words for people.
macro_rules! statuses {
    ($($code:literal $name:ident $words:literal)*) => {
        impl Status {
            $(#[doc = concat!($words, " (", stringify!($code), ").")]
            pub const $name: Self = Self($code);)*

            /// Every status that Isocenter sends by name: code and words.
            pub const TABLE: &'static [(Self, &'static str)] = &[$((Self($code), $words)),*];
        }
    };
}

statuses! {
    0x0000 SUCCESS "success"
    0x0001 REQUESTED_OPTIONAL_ATTRIBUTES_NOT_SUPPORTED "requested optional attributes are not supported"
    0x0105 NO_SUCH_ATTRIBUTE "no such attribute"
    0x0106 INVALID_ATTRIBUTE_VALUE "invalid attribute value"
    0x0107 ATTRIBUTE_LIST_ERROR "attribute list error"
    0x0110 PROCESSING_FAILURE "processing failure"
    0x0111 DUPLICATE_SOP_INSTANCE "duplicate SOP instance"
    0x0112 NO_SUCH_OBJECT_INSTANCE "no such SOP instance"
    0x0113 NO_SUCH_EVENT_TYPE "no such event type"
    0x0114 NO_SUCH_ARGUMENT "no such argument"
    0x0115 INVALID_ARGUMENT_VALUE "invalid argument value"
    0x0116 ATTRIBUTE_VALUE_OUT_OF_RANGE "attribute value out of range"
    0x0117 INVALID_OBJECT_INSTANCE "invalid SOP instance"
    0x0118 NO_SUCH_SOP_CLASS "no such SOP class"
    0x0119 CLASS_INSTANCE_CONFLICT "class-instance conflict"
    0x0120 MISSING_ATTRIBUTE "missing attribute"
    0x0121 MISSING_ATTRIBUTE_VALUE "missing attribute value"
    0x0122 SOP_CLASS_NOT_SUPPORTED "SOP class not supported"
    0x0123 NO_SUCH_ACTION_TYPE "no such action type"
    0x0124 NOT_AUTHORIZED "not authorized"
    0x0131 DUPLICATE_TRANSACTION_UID "duplicate transaction UID"
    0x0210 DUPLICATE_INVOCATION "duplicate invocation"
    0x0211 UNRECOGNIZED_OPERATION "unrecognized operation"
    0x0212 MISTYPED_ARGUMENT "mistyped argument"
    0x0213 RESOURCE_LIMITATION "resource limitation"
    0xA700 OUT_OF_RESOURCES "refused: out of resources"
    0xA701 CANNOT_CALCULATE_NUMBER_OF_MATCHES "refused: out of resources, unable to calculate the number of matches"
    0xA702 CANNOT_PERFORM_SUB_OPERATIONS "refused: out of resources, unable to perform sub-operations"
    0xA801 MOVE_DESTINATION_UNKNOWN "refused: move destination unknown"
    0xA900 DATA_SET_DOES_NOT_MATCH_SOP_CLASS "data set does not match SOP class"
    0xB000 SUB_OPERATIONS_COMPLETE_WITH_FAILURES "sub-operations complete, one or more failures or warnings"
    0xB006 ELEMENTS_DISCARDED "warning: elements discarded"
    0xB007 DATA_SET_DOES_NOT_MATCH_SOP_CLASS_WARNING "warning: data set does not match SOP class"
    0xC000 CANNOT_UNDERSTAND "cannot understand"
    0xC001 UNABLE_TO_PROCESS "unable to process"
    0xFE00 CANCEL "terminated by a cancel request"
    0xFF00 PENDING "pending"
    0xFF01 PENDING_WITH_UNSUPPORTED_KEYS "pending, one or more optional keys were not supported"
}

impl Status {
    /// B000H as a C-STORE response has it (PS3.4 B.2.3): data elements were coerced.
    pub const COERCION_OF_DATA_ELEMENTS: Self = Self(0xB000);

    /// The class of the status (PS3.7 C.1 to C.5); a code that no class claims counts as a failure.
    pub const fn category(self) -> Category {
        match self.0 {
            0x0000 => Category::Success,
            0xFF00 | 0xFF01 => Category::Pending,
            0xFE00 => Category::Cancel,
            0x0001 | 0x0107 | 0x0116 | 0xB000..=0xBFFF => Category::Warning,
            _ => Category::Failure,
        }
    }

    /// Whether more responses to the same request follow.
    pub const fn is_pending(self) -> bool {
        matches!(self.category(), Category::Pending)
    }

    /// The words of the table for the code, if it has any.
    pub fn words(self) -> Option<&'static str> {
        Self::TABLE.iter().find(|(status, _)| *status == self).map(|(_, words)| *words)
    }
}

impl fmt::Display for Status {
    /// `A700H (refused: out of resources)`, or the code alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.words() {
            Some(words) => write!(f, "{:04X}H ({words})", self.0),
            None => write!(f, "{:04X}H", self.0),
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

use std::fmt;

/// The Command Field (0000,0100) of a message (PS3.7 E.1): what is asked, or what is answered. Every value is kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommandField(pub u16);

/// The bit that makes a request's field the field of its response (PS3.7 E.1).
const RESPONSE: u16 = 0x8000;

/// One row of the table of commands: the field of the request, the constant, what people call the service.
macro_rules! commands {
    ($($code:literal $name:ident $words:literal)*) => {
        impl CommandField {
            $(#[doc = concat!("The request of ", $words, " (", stringify!($code), ").")]
            pub const $name: Self = Self($code);)*

            /// The field of every request that PS3.7 defines, and the name of its service.
            pub const TABLE: &'static [(Self, &'static str)] = &[$((Self($code), $words)),*];
        }
    };
}

commands! {
    0x0001 C_STORE_RQ "C-STORE"
    0x0010 C_GET_RQ "C-GET"
    0x0020 C_FIND_RQ "C-FIND"
    0x0021 C_MOVE_RQ "C-MOVE"
    0x0030 C_ECHO_RQ "C-ECHO"
    0x0100 N_EVENT_REPORT_RQ "N-EVENT-REPORT"
    0x0110 N_GET_RQ "N-GET"
    0x0120 N_SET_RQ "N-SET"
    0x0130 N_ACTION_RQ "N-ACTION"
    0x0140 N_CREATE_RQ "N-CREATE"
    0x0150 N_DELETE_RQ "N-DELETE"
    0x0FFF C_CANCEL_RQ "C-CANCEL"
}

impl CommandField {
    /// Whether a response carries this field.
    pub const fn is_response(self) -> bool {
        self.0 & RESPONSE != 0
    }

    /// The field of the response to a request with this one.
    pub const fn response(self) -> Self {
        Self(self.0 | RESPONSE)
    }

    /// The field of the request that a response with this one answers.
    pub const fn request(self) -> Self {
        Self(self.0 & !RESPONSE)
    }
}

impl CommandField {
    /// The operation that a request asks for or a response answers: `C-STORE`.
    pub fn operation(self) -> &'static str {
        let known = Self::TABLE.iter().find(|(field, _)| *field == self.request());
        known.map_or("unknown operation", |(_, words)| words)
    }
}

impl fmt::Display for CommandField {
    /// `C-STORE-RQ`, or the code alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::TABLE.iter().find(|(field, _)| *field == self.request()) {
            Some((_, words)) => write!(f, "{words}-{}", if self.is_response() { "RSP" } else { "RQ" }),
            None => write!(f, "command {:04X}H", self.0),
        }
    }
}

impl fmt::Debug for CommandField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

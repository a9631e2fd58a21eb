//! Bounds that no operator varies, each with its unit and its reason.

/// Longest A-ASSOCIATE-RQ that is read, in bytes. 128 presentation contexts with 58 transfer syntaxes each
/// come to some 240 KB; a longer one is an attack.
pub const ASSOCIATE_PDU_BYTES_MAX: u32 = 256 * 1024;

/// Presentation contexts in one association: the odd numbers from 1 to 255 (PS3.8 9.3.2.2).
pub const PRESENTATION_CONTEXTS_MAX: usize = 128;

/// Longest command set, in bytes. The largest real one is under 1 KB; this leaves room for attribute lists.
pub const COMMAND_SET_BYTES_MAX: usize = 64 * 1024;

/// Longest identifier of a C-FIND, C-MOVE or C-GET request, in bytes: 20,000 UIDs of 64 characters fit.
pub const IDENTIFIER_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Deepest nesting of sequences that is followed. The deepest real instance seen has 13 levels.
pub const NESTING_MAX: usize = 64;

/// Longest value that the catalog takes from an element, in bytes. A longer one is kept in the vault only.
pub const CATALOGUED_VALUE_BYTES_MAX: usize = 4 * 1024;

/// Smallest maximum length of P-DATA-TF PDUs that is taken from a peer, in bytes: a PDV header (6 bytes) and
/// one pair of bytes. PS3.8 D.1 sets no lower bound; below this no fragment fits.
pub const PEER_PDU_BYTES_MIN: u32 = 8;

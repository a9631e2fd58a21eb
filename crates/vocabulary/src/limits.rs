//! Bounds that no operator varies, each with its unit and its reason. What they are is printed in
//! `docs/reference/bounds.md`, from here.

/// One bound, as it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// The name of its constant.
    pub name: &'static str,
    /// Its value.
    pub value: u64,
    /// What it counts.
    pub unit: &'static str,
    /// What it bounds, and why so.
    pub reason: &'static str,
}

/// Declares bounds: each a constant with its documentation, and all of them as a table `TABLE`.
#[macro_export]
macro_rules! bounds {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $value:expr, $unit:literal;)*) => {
        $($(#[doc = $doc])+ pub const $name: $type = $value;)*

        /// All of them.
        pub const TABLE: &[$crate::limits::Bound] = &[$($crate::limits::Bound {
            name: stringify!($name),
            value: $name as u64,
            unit: $unit,
            reason: concat!($($doc),+),
        }),*];
    };
}

bounds! {
    /// Longest A-ASSOCIATE-RQ that is read, in bytes. 128 presentation contexts with 58 transfer syntaxes each
    /// come to some 240 KB; a longer one is an attack.
    ASSOCIATE_PDU_BYTES_MAX: u32 = 256 * 1024, "bytes";

    /// Presentation contexts in one association: the odd numbers from 1 to 255 (PS3.8 9.3.2.2).
    PRESENTATION_CONTEXTS_MAX: usize = 128, "contexts";

    /// Longest command set, in bytes. The largest real one is under 1 KB; this leaves room for attribute lists.
    COMMAND_SET_BYTES_MAX: usize = 64 * 1024, "bytes";

    /// Longest identifier of a C-FIND, C-MOVE or C-GET request, in bytes: 20,000 UIDs of 64 characters fit.
    IDENTIFIER_BYTES_MAX: usize = 2 * 1024 * 1024, "bytes";

    /// Deepest nesting of sequences that is followed. The deepest real instance seen has 13 levels.
    NESTING_MAX: usize = 64, "levels";

    /// Longest value that the catalog takes from an element, in bytes. A longer one is kept in the vault only.
    CATALOGUED_VALUE_BYTES_MAX: usize = 4 * 1024, "bytes";

    /// Smallest maximum length of P-DATA-TF PDUs that is taken from a peer, in bytes: a PDV header (6 bytes) and
    /// one pair of bytes. PS3.8 D.1 sets no lower bound; below this no fragment fits.
    PEER_PDU_BYTES_MIN: u32 = 8, "bytes";

    /// Longest sequence that the catalog takes from an instance, in bytes, its items included. A longer one is kept
    /// in the vault only.
    CATALOGUED_SEQUENCE_BYTES_MAX: usize = 64 * 1024, "bytes";

    /// Bytes that a deflated data set may inflate to whatever was received: more than any header, and most images.
    INFLATED_BYTES_FREE: u64 = 256 * 1024 * 1024, "bytes";

    /// Bytes for each byte received that a deflated data set may inflate to beyond that. Deflate itself reaches
    /// 1,032; a header does not exceed 20, and a scanner's image hardly 100.
    INFLATED_RATIO_MAX: u64 = 200, "bytes for each received";

    /// Longest file meta information that is read, in bytes. Group 0002 is under 1 KB in real files; its private
    /// information (0002,0102) may be longer.
    FILE_META_BYTES_MAX: usize = 1024 * 1024, "bytes";

    /// Most elements, at all levels together, of a data set that is kept whole. The longest identifier of real use has some
    /// hundred; this is what 2 MiB of them could come to at 16 bytes each, bounded for its cost in memory.
    IDENTIFIER_ELEMENTS_MAX: usize = 32 * 1024, "elements";

    /// Longest Action Information of a storage commitment request, in bytes: some 80,000 references of usual length.
    COMMITMENT_BYTES_MAX: usize = 8 * 1024 * 1024, "bytes";

    /// Most references in a storage commitment request. The shortest that could be meant take 40 bytes each; what is kept of
    /// a request in memory is bounded by this.
    COMMITMENT_REFERENCES_MAX: usize = 100_000, "references";

    /// Longest user name, in bytes, that is looked for among the users (PS3.7 D.3.3.7): 64 characters of any script.
    USER_NAME_BYTES_MAX: usize = 256, "bytes";

    /// Longest passcode, in bytes, that is hashed. A longer one is no passcode, and would cost time.
    PASSCODE_BYTES_MAX: usize = 1024, "bytes";

    /// Longest JSON Web Token, in bytes, that is looked at. Real ones have 1 or 2 KB, more with lists of groups.
    TOKEN_BYTES_MAX: usize = 16 * 1024, "bytes";
}

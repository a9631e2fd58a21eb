//! Bounds of the catalog, each with its unit and its reason.

vocabulary::bounds! {
    /// The longest key with wild cards, in bytes. LO has 64 characters, the longest text that is a key (LT) would never be
    /// written out whole; the bound keeps the work for a row small.
    WILD_BYTES_MAX: usize = 1024, "bytes";

    /// The longest message to the recorder, in bytes. A row has some hundred values of
    /// [`vocabulary::limits::CATALOGUED_VALUE_BYTES_MAX`] and few sequences; real ones have 2 KiB. Who has a longer one
    /// records it himself.
    RECORDER_MESSAGE_BYTES_MAX: usize = 1024 * 1024, "bytes";

    /// Those for whom is recorded at a time; whoever comes beyond that records himself. Each costs a descriptor,
    /// of which a process commonly has 1,024.
    RECORDER_CALLERS_MAX: usize = 768, "callers";

    /// Rows that are looked at in one go without a match among them, before the peer is looked at: some milliseconds at the
    /// worst.
    ROWS_LOOKED_AT: usize = 1_000, "rows";

    /// Instances read at once of those that a C-MOVE or C-GET means: some 100 KB of them.
    INSTANCES_READ: usize = 256, "instances";
}

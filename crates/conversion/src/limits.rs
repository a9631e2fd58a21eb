//! Bounds of a conversion, each with its unit and its reason.

vocabulary::bounds! {
    /// Pixel data that are held in memory while they are converted, compressed or not, in bytes. The lengths of a
    /// message are known before its first byte is sent, so what is compressed anew is held until its end; a child
    /// serves one association, and some ten children export at once.
    PIXEL_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024, "bytes";

    /// One decoded frame, in bytes. The largest single frames (scanned films, slide overviews) come to some 300 MB.
    FRAME_BYTES_MAX: u64 = 512 * 1024 * 1024, "bytes";

    /// Bytes of a decoded frame for each byte that it was compressed to, beyond which the attributes are taken for a
    /// false claim: an empty block of JPEG, the densest that occurs but for JPEG 2000, makes some 800.
    FRAME_RATIO_MAX: u64 = 1100, "bytes for each compressed";

    /// JPEG 2000 spends next to nothing on an even image; up to this many bytes a frame is decoded whatever it was
    /// compressed to.
    FRAME_BYTES_FREE: u64 = 64 * 1024 * 1024, "bytes";

    /// Tiles, precincts and code blocks of a JPEG 2000 code stream, at most; a decoder keeps a record of some 200 bytes
    /// of each. A frame of 512 MiB in the usual blocks of 64 by 64 has some 130,000.
    JPEG_2000_PARTS_MAX: u64 = 2 * 1024 * 1024, "parts";

    /// Sequences and items whose new lengths are kept, 4 bytes each. The largest enhanced instances have some 100,000.
    ITEMS_MAX: usize = 4 * 1024 * 1024, "items";

    /// The longest value that is looked at whole, in bytes: a palette of 65,536 entries, the offsets of as many frames
    /// in an Extended Offset Table.
    SURVEYED_VALUE_BYTES_MAX: u32 = 512 * 1024, "bytes";

    /// The longest text that is encoded anew in another character set, in bytes.
    RECODED_TEXT_BYTES_MAX: usize = 16 * 1024 * 1024, "bytes";
}

//! Transfer syntaxes (PS3.6 annex A): which there are and how each encodes a data set.
//!
//! Left out on purpose: RFC 2557 MIME encapsulation and XML encoding, both retired, neither an encoding of a data set
//! that PS3.5 describes.

use crate::Uid;

/// How the elements of a data set are laid out in bytes (PS3.5 section 7 and annex A).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// PS3.5 A.1.
    ImplicitLittleEndian,
    /// PS3.5 A.2, and A.4 where pixel data are encapsulated.
    ExplicitLittleEndian,
    /// PS3.5 A.3 (retired).
    ExplicitBigEndian,
    /// PS3.5 A.5: explicit VR little endian, compressed as a whole by deflate (RFC 1951).
    DeflatedExplicitLittleEndian,
}

/// One transfer syntax of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferSyntax {
    /// The UID, as PS3.6 gives it.
    pub uid: &'static str,
    /// The keyword of PS3.6.
    pub keyword: &'static str,
    /// The name that people read.
    pub name: &'static str,
    /// How its data sets are encoded.
    pub encoding: Encoding,
    /// Whether pixel data are encapsulated in fragments (PS3.5 A.4).
    pub encapsulated: bool,
    /// Whether the standard has retired it.
    pub retired: bool,
}

/// Implicit VR Little Endian, the default transfer syntax that every AE must support (PS3.5 10.1).
pub const IMPLICIT_VR_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2";
/// Explicit VR Little Endian.
pub const EXPLICIT_VR_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2.1";
/// Deflated Explicit VR Little Endian.
pub const DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2.1.99";
/// Explicit VR Big Endian (retired).
pub const EXPLICIT_VR_BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
/// JPEG Baseline (Process 1), lossy, 8 bit.
pub const JPEG_BASELINE: &str = "1.2.840.10008.1.2.4.50";

/// The transfer syntax of a UID, if the table has it.
pub fn find(uid: &str) -> Option<&'static TransferSyntax> {
    TRANSFER_SYNTAXES.iter().find(|syntax| syntax.uid == uid)
}

/// The name of a transfer syntax for people, or the UID itself where the table does not know it.
pub fn name(uid: &Uid) -> &str {
    find(uid.as_str()).map_or(uid.as_str(), |syntax| syntax.name)
}

const fn syntax(
    uid: &'static str,
    keyword: &'static str,
    name: &'static str,
    encoding: Encoding,
) -> TransferSyntax {
    TransferSyntax { uid, keyword, name, encoding, encapsulated: false, retired: false }
}

const fn encapsulated(uid: &'static str, keyword: &'static str, name: &'static str) -> TransferSyntax {
    TransferSyntax {
        uid,
        keyword,
        name,
        encoding: Encoding::ExplicitLittleEndian,
        encapsulated: true,
        retired: false,
    }
}

const fn retired(mut syntax: TransferSyntax) -> TransferSyntax {
    syntax.retired = true;
    syntax
}

/// Every transfer syntax that an association may agree on, in the order of their UIDs.
#[rustfmt::skip]
pub static TRANSFER_SYNTAXES: &[TransferSyntax] = &[
    syntax(IMPLICIT_VR_LITTLE_ENDIAN, "ImplicitVRLittleEndian", "Implicit VR Little Endian", Encoding::ImplicitLittleEndian),
    syntax(EXPLICIT_VR_LITTLE_ENDIAN, "ExplicitVRLittleEndian", "Explicit VR Little Endian", Encoding::ExplicitLittleEndian),
    encapsulated("1.2.840.10008.1.2.1.98", "EncapsulatedUncompressedExplicitVRLittleEndian", "Encapsulated Uncompressed Explicit VR Little Endian"),
    syntax(DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, "DeflatedExplicitVRLittleEndian", "Deflated Explicit VR Little Endian", Encoding::DeflatedExplicitLittleEndian),
    retired(syntax(EXPLICIT_VR_BIG_ENDIAN, "ExplicitVRBigEndian", "Explicit VR Big Endian", Encoding::ExplicitBigEndian)),
    encapsulated(JPEG_BASELINE, "JPEGBaseline8Bit", "JPEG Baseline (Process 1)"),
    encapsulated("1.2.840.10008.1.2.4.51", "JPEGExtended12Bit", "JPEG Extended (Process 2 and 4)"),
    retired(encapsulated("1.2.840.10008.1.2.4.52", "JPEGExtended35", "JPEG Extended (Process 3 and 5)")),
    retired(encapsulated("1.2.840.10008.1.2.4.53", "JPEGSpectralSelectionNonHierarchical68", "JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8)")),
    retired(encapsulated("1.2.840.10008.1.2.4.54", "JPEGSpectralSelectionNonHierarchical79", "JPEG Spectral Selection, Non-Hierarchical (Process 7 and 9)")),
    retired(encapsulated("1.2.840.10008.1.2.4.55", "JPEGFullProgressionNonHierarchical1012", "JPEG Full Progression, Non-Hierarchical (Process 10 and 12)")),
    retired(encapsulated("1.2.840.10008.1.2.4.56", "JPEGFullProgressionNonHierarchical1113", "JPEG Full Progression, Non-Hierarchical (Process 11 and 13)")),
    encapsulated("1.2.840.10008.1.2.4.57", "JPEGLossless", "JPEG Lossless, Non-Hierarchical (Process 14)"),
    retired(encapsulated("1.2.840.10008.1.2.4.58", "JPEGLosslessNonHierarchical15", "JPEG Lossless, Non-Hierarchical (Process 15)")),
    retired(encapsulated("1.2.840.10008.1.2.4.59", "JPEGExtendedHierarchical1618", "JPEG Extended, Hierarchical (Process 16 and 18)")),
    retired(encapsulated("1.2.840.10008.1.2.4.60", "JPEGExtendedHierarchical1719", "JPEG Extended, Hierarchical (Process 17 and 19)")),
    retired(encapsulated("1.2.840.10008.1.2.4.61", "JPEGSpectralSelectionHierarchical2022", "JPEG Spectral Selection, Hierarchical (Process 20 and 22)")),
    retired(encapsulated("1.2.840.10008.1.2.4.62", "JPEGSpectralSelectionHierarchical2123", "JPEG Spectral Selection, Hierarchical (Process 21 and 23)")),
    retired(encapsulated("1.2.840.10008.1.2.4.63", "JPEGFullProgressionHierarchical2426", "JPEG Full Progression, Hierarchical (Process 24 and 26)")),
    retired(encapsulated("1.2.840.10008.1.2.4.64", "JPEGFullProgressionHierarchical2527", "JPEG Full Progression, Hierarchical (Process 25 and 27)")),
    retired(encapsulated("1.2.840.10008.1.2.4.65", "JPEGLosslessHierarchical28", "JPEG Lossless, Hierarchical (Process 28)")),
    retired(encapsulated("1.2.840.10008.1.2.4.66", "JPEGLosslessHierarchical29", "JPEG Lossless, Hierarchical (Process 29)")),
    encapsulated("1.2.840.10008.1.2.4.70", "JPEGLosslessSV1", "JPEG Lossless, Non-Hierarchical, First-Order Prediction (Process 14 [Selection Value 1])"),
    encapsulated("1.2.840.10008.1.2.4.80", "JPEGLSLossless", "JPEG-LS Lossless Image Compression"),
    encapsulated("1.2.840.10008.1.2.4.81", "JPEGLSNearLossless", "JPEG-LS Lossy (Near-Lossless) Image Compression"),
    encapsulated("1.2.840.10008.1.2.4.90", "JPEG2000Lossless", "JPEG 2000 Image Compression (Lossless Only)"),
    encapsulated("1.2.840.10008.1.2.4.91", "JPEG2000", "JPEG 2000 Image Compression"),
    encapsulated("1.2.840.10008.1.2.4.92", "JPEG2000MCLossless", "JPEG 2000 Part 2 Multi-component Image Compression (Lossless Only)"),
    encapsulated("1.2.840.10008.1.2.4.93", "JPEG2000MC", "JPEG 2000 Part 2 Multi-component Image Compression"),
    syntax("1.2.840.10008.1.2.4.94", "JPIPReferenced", "JPIP Referenced", Encoding::ExplicitLittleEndian),
    syntax("1.2.840.10008.1.2.4.95", "JPIPReferencedDeflate", "JPIP Referenced Deflate", Encoding::DeflatedExplicitLittleEndian),
    encapsulated("1.2.840.10008.1.2.4.100", "MPEG2MPML", "MPEG2 Main Profile / Main Level"),
    encapsulated("1.2.840.10008.1.2.4.100.1", "MPEG2MPMLF", "Fragmentable MPEG2 Main Profile / Main Level"),
    encapsulated("1.2.840.10008.1.2.4.101", "MPEG2MPHL", "MPEG2 Main Profile / High Level"),
    encapsulated("1.2.840.10008.1.2.4.101.1", "MPEG2MPHLF", "Fragmentable MPEG2 Main Profile / High Level"),
    encapsulated("1.2.840.10008.1.2.4.102", "MPEG4HP41", "MPEG-4 AVC/H.264 High Profile / Level 4.1"),
    encapsulated("1.2.840.10008.1.2.4.102.1", "MPEG4HP41F", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1"),
    encapsulated("1.2.840.10008.1.2.4.103", "MPEG4HP41BD", "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1"),
    encapsulated("1.2.840.10008.1.2.4.103.1", "MPEG4HP41BDF", "Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1"),
    encapsulated("1.2.840.10008.1.2.4.104", "MPEG4HP422D", "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video"),
    encapsulated("1.2.840.10008.1.2.4.104.1", "MPEG4HP422DF", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video"),
    encapsulated("1.2.840.10008.1.2.4.105", "MPEG4HP423D", "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video"),
    encapsulated("1.2.840.10008.1.2.4.105.1", "MPEG4HP423DF", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video"),
    encapsulated("1.2.840.10008.1.2.4.106", "MPEG4HP42STEREO", "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2"),
    encapsulated("1.2.840.10008.1.2.4.106.1", "MPEG4HP42STEREOF", "Fragmentable MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2"),
    encapsulated("1.2.840.10008.1.2.4.107", "HEVCMP51", "HEVC/H.265 Main Profile / Level 5.1"),
    encapsulated("1.2.840.10008.1.2.4.108", "HEVCM10P51", "HEVC/H.265 Main 10 Profile / Level 5.1"),
    encapsulated("1.2.840.10008.1.2.4.110", "JPEGXLLossless", "JPEG XL Lossless"),
    encapsulated("1.2.840.10008.1.2.4.111", "JPEGXLJPEGRecompression", "JPEG XL JPEG Recompression"),
    encapsulated("1.2.840.10008.1.2.4.112", "JPEGXL", "JPEG XL"),
    encapsulated("1.2.840.10008.1.2.4.201", "HTJ2KLossless", "High-Throughput JPEG 2000 Image Compression (Lossless Only)"),
    encapsulated("1.2.840.10008.1.2.4.202", "HTJ2KLosslessRPCL", "High-Throughput JPEG 2000 with RPCL Options Image Compression (Lossless Only)"),
    encapsulated("1.2.840.10008.1.2.4.203", "HTJ2K", "High-Throughput JPEG 2000 Image Compression"),
    syntax("1.2.840.10008.1.2.4.204", "JPIPHTJ2KReferenced", "JPIP HTJ2K Referenced", Encoding::ExplicitLittleEndian),
    syntax("1.2.840.10008.1.2.4.205", "JPIPHTJ2KReferencedDeflate", "JPIP HTJ2K Referenced Deflate", Encoding::DeflatedExplicitLittleEndian),
    encapsulated("1.2.840.10008.1.2.5", "RLELossless", "RLE Lossless"),
    syntax("1.2.840.10008.1.2.7.1", "SMPTEST211020UncompressedProgressiveActiveVideo", "SMPTE ST 2110-20 Uncompressed Progressive Active Video", Encoding::ExplicitLittleEndian),
    syntax("1.2.840.10008.1.2.7.2", "SMPTEST211020UncompressedInterlacedActiveVideo", "SMPTE ST 2110-20 Uncompressed Interlaced Active Video", Encoding::ExplicitLittleEndian),
    syntax("1.2.840.10008.1.2.7.3", "SMPTEST211030PCMDigitalAudio", "SMPTE ST 2110-30 PCM Digital Audio", Encoding::ExplicitLittleEndian),
    encapsulated("1.2.840.10008.1.2.8.1", "DeflatedImageFrameCompression", "Deflated Image Frame Compression"),
    retired(syntax("1.2.840.10008.1.20", "Papyrus3ImplicitVRLittleEndian", "Papyrus 3 Implicit VR Little Endian", Encoding::ImplicitLittleEndian)),
];

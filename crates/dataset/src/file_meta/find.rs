//! Where the data set begins, in files as they occur: with and without preamble, with and without meta.

use std::io::Read;

use vocabulary::{Encoding, Uid, Vr, limits, transfer_syntax};

use super::{
    FileMetaError, MEDIA_STORAGE_SOP_CLASS_UID, MEDIA_STORAGE_SOP_INSTANCE_UID, PREAMBLE_BYTES, PREFIX,
    TRANSFER_SYNTAX_UID, encoding_of,
};
use crate::element::{HEADER_BYTES_MAX, HEADER_BYTES_MIN, Header, Layout};
use crate::identifier::Identifier;

/// In which way a file begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Preamble, prefix and file meta information: PS3.10 7.1.
    Part10,
    /// The file meta information without a preamble in front of it.
    MetaWithoutPreamble,
    /// Preamble and prefix, then the data set at once.
    PreambleWithoutMeta,
    /// The data set and nothing else.
    DataSetOnly,
}

/// What was found at the beginning of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSetFound {
    /// How the file begins.
    pub form: Form,
    /// Where the data set begins, in bytes.
    pub data_set_offset: u64,
    /// The transfer syntax: that of the file meta information, or what the data set looks like.
    pub transfer_syntax_uid: Uid,
    /// How the data set is encoded.
    pub encoding: Encoding,
    /// Whether the file does not say its transfer syntax, or says one that its data set is not in.
    pub transfer_syntax_is_guessed: bool,
    /// Group 0002, if there is one.
    pub meta: Option<Identifier>,
}

impl DataSetFound {
    /// The SOP class that the file meta information says the file is of: tells a DICOMDIR from an instance.
    pub fn media_storage_sop_class_uid(&self) -> Option<Uid> {
        self.meta.as_ref()?.uid(MEDIA_STORAGE_SOP_CLASS_UID)?.ok()
    }

    /// The SOP instance that the file meta information says the file holds.
    pub fn media_storage_sop_instance_uid(&self) -> Option<Uid> {
        self.meta.as_ref()?.uid(MEDIA_STORAGE_SOP_INSTANCE_UID)?.ok()
    }
}

/// Finds the data set of a file, whatever stands in front of it. Reads no more than it needs to, a megabyte at
/// most; where `from` stands afterwards is left open.
///
/// # Errors
/// When nothing in the file looks like a data set, or reading fails.
pub fn find_data_set(from: &mut impl Read) -> Result<DataSetFound, FileMetaError> {
    let mut head = Head { from, bytes: Vec::new() };
    head.reach(PREAMBLE_BYTES + PREFIX.len())?;
    let has_preamble = head.bytes.get(PREAMBLE_BYTES..).is_some_and(|rest| rest.starts_with(PREFIX));
    let start = if has_preamble { PREAMBLE_BYTES + PREFIX.len() } else { 0 };
    let (meta, data_set) = read_meta(&mut head, start)?;
    head.reach(data_set.saturating_add(HEADER_BYTES_MAX))?;
    let form = match (has_preamble, meta.is_some()) {
        (true, true) => Form::Part10,
        (true, false) => Form::PreambleWithoutMeta,
        (false, true) => Form::MetaWithoutPreamble,
        (false, false) => Form::DataSetOnly,
    };
    let announced = meta.as_ref().and_then(|meta| meta.uid(TRANSFER_SYNTAX_UID)?.ok());
    let seen = looks_like(head.bytes.get(data_set..).unwrap_or_default());
    let (transfer_syntax_uid, transfer_syntax_is_guessed) = match (announced, seen) {
        (Some(uid), Some(seen)) if contradicts(encoding_of(&uid), seen) => (plain_syntax(seen), true),
        (Some(uid), _) => (uid, false),
        (None, Some(seen)) => (plain_syntax(seen), true),
        // DICM says that it is DICOM, and the default transfer syntax is what it then is (PS3.5 10.1).
        (None, None) if has_preamble => (plain_syntax(Encoding::ImplicitLittleEndian), true),
        (None, None) => return Err(FileMetaError::NotDicom),
    };
    Ok(DataSetFound {
        form,
        data_set_offset: data_set as u64,
        encoding: encoding_of(&transfer_syntax_uid),
        transfer_syntax_uid,
        transfer_syntax_is_guessed,
        meta,
    })
}

/// The beginning of a file, as much of it as was read.
struct Head<'a, R> {
    from: &'a mut R,
    bytes: Vec<u8>,
}

impl<R: Read> Head<'_, R> {
    /// Reads on until there are `count` bytes, or no more.
    fn reach(&mut self, count: usize) -> Result<(), FileMetaError> {
        if count > limits::FILE_META_BYTES_MAX {
            return Err(FileMetaError::TooLong(limits::FILE_META_BYTES_MAX));
        }
        let wanted = count.saturating_sub(self.bytes.len());
        if wanted > 0 {
            self.from.by_ref().take(wanted as u64).read_to_end(&mut self.bytes)?;
        }
        Ok(())
    }
}

/// Reads group 0002 at `start`, by its elements: the group length is wrong in too many files. Gives where it
/// ends.
fn read_meta<R: Read>(
    head: &mut Head<'_, R>,
    start: usize,
) -> Result<(Option<Identifier>, usize), FileMetaError> {
    let mut at = start;
    let mut layout = None;
    loop {
        head.reach(at.saturating_add(HEADER_BYTES_MAX))?;
        let rest = head.bytes.get(at..).unwrap_or_default();
        let Some(first) = rest.first_chunk::<HEADER_BYTES_MIN>() else { break };
        let [0x02, 0x00, _, _, v0, v1, ..] = *first else { break };
        // PS3.10 7.1 has explicit VR; files that have implicit VR here occur.
        let explicit = v0.is_ascii_uppercase() && v1.is_ascii_uppercase();
        let layout = *layout.get_or_insert(Layout { explicit, big_endian: false });
        let mut bytes = [0; HEADER_BYTES_MAX];
        for (to, from) in bytes.iter_mut().zip(rest) {
            *to = *from;
        }
        let header = Header::read(&bytes, layout);
        if header.is_of_undefined_length() {
            break;
        }
        at = at.saturating_add(usize::from(header.size)).saturating_add(header.length as usize);
    }
    let Some(layout) = layout else { return Ok((None, start)) };
    let encoding =
        if layout.explicit { Encoding::ExplicitLittleEndian } else { Encoding::ImplicitLittleEndian };
    let group = head.bytes.get(start..at).or_else(|| head.bytes.get(start..)).unwrap_or_default();
    Ok((Some(Identifier::read(group, encoding)?), at))
}

/// The encoding that the first element of a data set looks like, if it looks like any.
fn looks_like(first: &[u8]) -> Option<Encoding> {
    let [g0, g1, _, _, v0, v1, l0, l1] = *first.first_chunk::<HEADER_BYTES_MIN>()?;
    // A data set begins with a low group, nearly always 0008: the smaller reading of it is the right one.
    let (little, big) = (u16::from_le_bytes([g0, g1]), u16::from_be_bytes([g0, g1]));
    if !(1..=FIRST_GROUP_MAX).contains(&little.min(big)) {
        return None;
    }
    if Vr([v0, v1]).is_defined() {
        return Some(if little <= big {
            Encoding::ExplicitLittleEndian
        } else {
            Encoding::ExplicitBigEndian
        });
    }
    let length = u32::from_le_bytes([v0, v1, l0, l1]);
    (little <= big && little >= 4 && length < 64 * 1024).then_some(Encoding::ImplicitLittleEndian)
}

/// The highest group that the first element of a data set is believed to be of.
const FIRST_GROUP_MAX: u16 = 0x0100;

/// Whether a data set that looks like `seen` cannot be encoded as announced.
fn contradicts(announced: Encoding, seen: Encoding) -> bool {
    // The first bytes of a deflated stream may look like anything.
    announced != Encoding::DeflatedExplicitLittleEndian && announced != seen
}

fn plain_syntax(encoding: Encoding) -> Uid {
    Uid::known(match encoding {
        Encoding::ImplicitLittleEndian => transfer_syntax::IMPLICIT_VR_LITTLE_ENDIAN,
        Encoding::ExplicitLittleEndian => transfer_syntax::EXPLICIT_VR_LITTLE_ENDIAN,
        Encoding::ExplicitBigEndian => transfer_syntax::EXPLICIT_VR_BIG_ENDIAN,
        Encoding::DeflatedExplicitLittleEndian => transfer_syntax::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    })
}

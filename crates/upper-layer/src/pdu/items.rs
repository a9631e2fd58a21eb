//! The grammar that all variable parts share: items of type, reserved byte, length and content.

/// What is wrong with the inside of a PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It ends before its fields do.
    #[error("{within} ends {missing} bytes too early")]
    Short {
        /// Which PDU or item.
        within: &'static str,
        /// How much is missing at least.
        missing: usize,
    },
    /// An item comes twice that may come once.
    #[error("{0} comes more than once")]
    Repeated(&'static str),
    /// An item has a length that it cannot have.
    #[error("{what} has {length} bytes")]
    Length {
        /// Which item.
        what: &'static str,
        /// Its length.
        length: usize,
    },
    /// Two presentation contexts have the same identifier, so that nobody can tell which of them is meant.
    #[error("presentation context {0} is proposed twice")]
    DuplicateContext(u8),
}

/// Something of ours that does not fit into a PDU; only a request of absurd size can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} has {bytes} bytes, more than its length field can say")]
pub struct TooLong {
    /// What does not fit.
    pub what: &'static str,
    /// Its size.
    pub bytes: usize,
}

/// An item that is not known, or whose content is not understood: kept as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownItem {
    /// Its type.
    pub item_type: u8,
    /// Its content.
    pub content: Vec<u8>,
}

/// Takes fields off the front of a body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { rest: body }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn take(&mut self, bytes: usize, within: &'static str) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self
            .rest
            .split_at_checked(bytes)
            .ok_or(Malformed::Short { within, missing: bytes.saturating_sub(self.rest.len()) })?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self, within: &'static str) -> Result<[u8; N], Malformed> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N, within)?);
        Ok(array)
    }

    pub(super) fn skip(&mut self, bytes: usize, within: &'static str) -> Result<(), Malformed> {
        self.take(bytes, within).map(drop)
    }

    pub(super) fn u8(&mut self, within: &'static str) -> Result<u8, Malformed> {
        self.array::<1>(within).map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self, within: &'static str) -> Result<u16, Malformed> {
        self.array(within).map(u16::from_be_bytes)
    }

    /// Bytes behind a 16 bit length.
    pub(super) fn counted(&mut self, within: &'static str) -> Result<&'a [u8], Malformed> {
        let length = self.u16(within)?;
        self.take(usize::from(length), within)
    }

    /// The next item: its type and its content.
    pub(super) fn item(&mut self, within: &'static str) -> Result<(u8, &'a [u8]), Malformed> {
        let item_type = self.u8(within)?;
        self.skip(1, within)?;
        Ok((item_type, self.counted(within)?))
    }
}

/// Appends bytes behind a 16 bit length.
pub(super) fn push_counted(out: &mut Vec<u8>, what: &'static str, bytes: &[u8]) -> Result<(), TooLong> {
    let length = u16::try_from(bytes.len()).map_err(|_| TooLong { what, bytes: bytes.len() })?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

/// Appends an item.
pub(super) fn push_item(
    out: &mut Vec<u8>,
    what: &'static str,
    item_type: u8,
    content: &[u8],
) -> Result<(), TooLong> {
    out.extend_from_slice(&[item_type, 0]);
    push_counted(out, what, content)
}

/// Appends an item whose content is written where it will stand; its length is filled in behind it.
pub(super) fn push_item_of(
    out: &mut Vec<u8>,
    what: &'static str,
    item_type: u8,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), TooLong>,
) -> Result<(), TooLong> {
    out.extend_from_slice(&[item_type, 0, 0, 0]);
    let start = out.len();
    write(out)?;
    let bytes = out.len() - start;
    let length = u16::try_from(bytes).map_err(|_| TooLong { what, bytes })?;
    if let Some(place) = out.get_mut(start - 2..start) {
        place.copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}

/// Puts the header in front of a variable part.
pub(super) fn with_header(pdu_type: u8, what: &'static str, body: &[u8]) -> Result<Vec<u8>, TooLong> {
    let length = u32::try_from(body.len()).map_err(|_| TooLong { what, bytes: body.len() })?;
    let mut pdu = Vec::with_capacity(body.len() + super::HEADER_BYTES);
    pdu.extend_from_slice(&[pdu_type, 0]);
    pdu.extend_from_slice(&length.to_be_bytes());
    pdu.extend_from_slice(body);
    Ok(pdu)
}

//! What is said on lines and control sockets: one message a packet, a tag byte and fields.
//!
//! Both ends are the same binary, but a child has read what a peer wrote: what it says is read as carefully
//! as if the peer had said it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use crate::Refusal;
use crate::places::Who;

/// Longest message; a longer packet is cut by the reader and then fails to parse.
pub(crate) const MESSAGE_BYTES_MAX: usize = 512;
/// Longest name of a group, or AE title.
pub(crate) const NAME_BYTES_MAX: usize = 64;
/// Longest text of an activity.
pub(crate) const ACTIVITY_BYTES_MAX: usize = 160;

/// From a child to the supervisor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// It has read a request and asks for a place.
    Admit { group: &'a str, calling: &'a str, called: &'a str },
    /// Its association is over.
    Done,
    /// It asks for a permit.
    PermitAsk { id: u32, group: &'a str },
    /// It gives a permit back, or gives up waiting for it.
    PermitBack { id: u32 },
    /// What it is doing.
    Activity { text: &'a str },
}

/// From the nursery to the supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reported {
    /// It is up.
    Ready,
    /// The child has this process id; its pidfd comes along.
    Born { who: Who, pid: i32 },
    /// The child could not be forked, for this error of the system.
    NotBorn { who: Who, errno: i32 },
}

/// From the supervisor to a child, a keeper or the nursery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// The settings are in the descriptor that comes along.
    Settings,
    /// To the nursery: fork a child for what comes along, its end of its line (two descriptors) and its connection.
    Fork { who: Who, listener: u16, peer: SocketAddr },
    /// The association has its place.
    Admitted,
    /// It has none.
    Refused(Refusal),
    /// The permit is yours.
    Permit { id: u32 },
    /// The server is being stopped: finish what is under way, begin nothing.
    Stop,
}

/// Reads what a child says and writes it again. `None`: it is no message.
///
/// For tests of what a child could say that is not itself any more; nothing else uses it.
pub fn repeated(bytes: &[u8]) -> Option<Vec<u8>> {
    Said::read(bytes).map(|said| said.to_bytes())
}

impl Said<'_> {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        match self {
            Self::Admit { group, calling, called } => {
                out.push(b'A');
                for name in [group, calling, called] {
                    put_text(&mut out, name, NAME_BYTES_MAX);
                }
            }
            Self::Done => out.push(b'D'),
            Self::PermitAsk { id, group } => {
                out.push(b'P');
                out.extend_from_slice(&id.to_le_bytes());
                put_text(&mut out, group, NAME_BYTES_MAX);
            }
            Self::PermitBack { id } => {
                out.push(b'B');
                out.extend_from_slice(&id.to_le_bytes());
            }
            Self::Activity { text } => {
                out.push(b'T');
                put_text(&mut out, text, ACTIVITY_BYTES_MAX);
            }
        }
        out
    }
}

impl<'a> Said<'a> {
    /// None: not a message.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        let said = match take_u8(&mut rest)? {
            b'A' => Self::Admit {
                group: take_text(&mut rest, NAME_BYTES_MAX)?,
                calling: take_text(&mut rest, NAME_BYTES_MAX)?,
                called: take_text(&mut rest, NAME_BYTES_MAX)?,
            },
            b'D' => Self::Done,
            b'P' => {
                let id = take_u32(&mut rest)?;
                Self::PermitAsk { id, group: take_text(&mut rest, NAME_BYTES_MAX)? }
            }
            b'B' => Self::PermitBack { id: take_u32(&mut rest)? },
            b'T' => Self::Activity { text: take_text(&mut rest, ACTIVITY_BYTES_MAX)? },
            _ => return None,
        };
        rest.is_empty().then_some(said)
    }
}

impl Reported {
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(16);
        let (tag, who, number) = match self {
            Self::Ready => (b'R', 0, 0),
            Self::Born { who, pid } => (b'B', who, pid),
            Self::NotBorn { who, errno } => (b'N', who, errno),
        };
        out.push(tag);
        out.extend_from_slice(&who.to_le_bytes());
        out.extend_from_slice(&number.to_le_bytes());
        out
    }

    /// None: not a message.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let tag = take_u8(&mut rest)?;
        let who = Who::from_le_bytes(take(&mut rest)?);
        let number = i32::from_le_bytes(take(&mut rest)?);
        let reported = match tag {
            b'R' => Self::Ready,
            b'B' => Self::Born { who, pid: number },
            b'N' => Self::NotBorn { who, errno: number },
            _ => return None,
        };
        rest.is_empty().then_some(reported)
    }
}

impl Told {
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(32);
        match self {
            Self::Settings => out.push(b's'),
            Self::Fork { who, listener, peer } => {
                out.push(b'f');
                out.extend_from_slice(&who.to_le_bytes());
                out.extend_from_slice(&listener.to_le_bytes());
                put_address(&mut out, peer);
            }
            Self::Admitted => out.push(b'a'),
            Self::Refused(Refusal::LocalLimitExceeded) => out.push(b'l'),
            Self::Refused(Refusal::TemporaryCongestion) => out.push(b't'),
            Self::Refused(Refusal::Draining) => out.push(b'd'),
            Self::Permit { id } => {
                out.push(b'p');
                out.extend_from_slice(&id.to_le_bytes());
            }
            Self::Stop => out.push(b'x'),
        }
        out
    }

    /// None: not a message.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let told = match take_u8(&mut rest)? {
            b's' => Self::Settings,
            b'f' => {
                let who = Who::from_le_bytes(take(&mut rest)?);
                let listener = u16::from_le_bytes(take(&mut rest)?);
                Self::Fork { who, listener, peer: take_address(&mut rest)? }
            }
            b'a' => Self::Admitted,
            b'l' => Self::Refused(Refusal::LocalLimitExceeded),
            b't' => Self::Refused(Refusal::TemporaryCongestion),
            b'd' => Self::Refused(Refusal::Draining),
            b'p' => Self::Permit { id: take_u32(&mut rest)? },
            b'x' => Self::Stop,
            _ => return None,
        };
        rest.is_empty().then_some(told)
    }
}

/// The longest beginning of `text` that has `bytes_max` bytes at most and ends between characters.
pub(crate) fn cut(text: &str, bytes_max: usize) -> &str {
    let end = text.floor_char_boundary(bytes_max);
    text.get(..end).unwrap_or_default()
}

fn put_text(out: &mut Vec<u8>, text: &str, bytes_max: usize) {
    let text = cut(text, bytes_max);
    // No bound in this file reaches 256.
    out.push(u8::try_from(text.len()).unwrap_or_default());
    out.extend_from_slice(text.as_bytes());
}

fn put_address(out: &mut Vec<u8>, address: SocketAddr) {
    match address {
        SocketAddr::V4(v4) => {
            out.push(4);
            out.extend_from_slice(&v4.ip().octets());
            out.extend_from_slice(&v4.port().to_le_bytes());
        }
        SocketAddr::V6(v6) => {
            out.push(6);
            out.extend_from_slice(&v6.ip().octets());
            out.extend_from_slice(&v6.port().to_le_bytes());
            out.extend_from_slice(&v6.scope_id().to_le_bytes());
        }
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

fn take_u8(rest: &mut &[u8]) -> Option<u8> {
    take::<1>(rest).map(|[byte]| byte)
}

fn take_u32(rest: &mut &[u8]) -> Option<u32> {
    take(rest).map(u32::from_le_bytes)
}

fn take_text<'a>(rest: &mut &'a [u8], bytes_max: usize) -> Option<&'a str> {
    let length = usize::from(take_u8(rest)?);
    if length > bytes_max {
        return None;
    }
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    std::str::from_utf8(head).ok()
}

fn take_address(rest: &mut &[u8]) -> Option<SocketAddr> {
    match take_u8(rest)? {
        4 => {
            let ip = Ipv4Addr::from(take::<4>(rest)?);
            Some(SocketAddr::new(IpAddr::V4(ip), u16::from_le_bytes(take(rest)?)))
        }
        6 => {
            let ip = Ipv6Addr::from(take::<16>(rest)?);
            let port = u16::from_le_bytes(take(rest)?);
            Some(SocketAddr::V6(SocketAddrV6::new(ip, port, 0, take_u32(rest)?)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{ACTIVITY_BYTES_MAX, MESSAGE_BYTES_MAX, Reported, Said, Told};
    use crate::Refusal;

    #[test]
    fn what_a_child_says_is_read_as_it_was_said() {
        for said in [
            Said::Admit { group: "storage-scp", calling: "CT2", called: "ISO_STORE_SCP" },
            Said::Done,
            Said::PermitAsk { id: 7, group: "storage-scu" },
            Said::PermitBack { id: u32::MAX },
            Said::Activity { text: "C-STORE 118" },
        ] {
            let bytes = said.to_bytes();
            assert!(bytes.len() <= MESSAGE_BYTES_MAX);
            assert_eq!(Said::read(&bytes).as_ref(), Some(&said));
            for end in 0..bytes.len() {
                assert_eq!(Said::read(&bytes[..end]), None, "cut at {end}: {said:?}");
            }
            let longer = [bytes.as_slice(), &[0]].concat();
            assert_eq!(Said::read(&longer), None, "one byte more: {said:?}");
        }
    }

    #[test]
    fn what_a_child_is_told_is_read_as_it_was_told() {
        for told in [
            Told::Settings,
            Told::Fork { who: 7, listener: 3, peer: "10.0.0.7:49152".parse().unwrap() },
            Told::Fork { who: u64::MAX, listener: 0, peer: "[fe80::1%2]:104".parse().unwrap() },
            Told::Admitted,
            Told::Refused(Refusal::LocalLimitExceeded),
            Told::Refused(Refusal::TemporaryCongestion),
            Told::Refused(Refusal::Draining),
            Told::Permit { id: 9 },
        ] {
            let bytes = told.to_bytes();
            assert_eq!(Told::read(&bytes), Some(told));
            for end in 0..bytes.len() {
                assert_eq!(Told::read(&bytes[..end]), None, "cut at {end}: {told:?}");
            }
        }
    }

    #[test]
    fn what_the_nursery_reports_is_read_as_it_was_reported() {
        for reported in [
            Reported::Ready,
            Reported::Born { who: u64::MAX, pid: 4_194_304 },
            Reported::NotBorn { who: 3, errno: 11 },
        ] {
            let bytes = reported.to_bytes();
            assert_eq!(Reported::read(&bytes), Some(reported));
            for end in 0..bytes.len() {
                assert_eq!(Reported::read(&bytes[..end]), None, "cut at {end}: {reported:?}");
            }
            assert_eq!(Said::read(&bytes), None, "what no child may say: {reported:?}");
        }
    }

    #[test]
    fn a_long_activity_is_cut_between_characters() {
        let text = "é".repeat(ACTIVITY_BYTES_MAX);
        let bytes = Said::Activity { text: &text }.to_bytes();
        let Some(Said::Activity { text: read }) = Said::read(&bytes) else { panic!("not an activity") };
        assert_eq!(read.len(), ACTIVITY_BYTES_MAX);
        assert!(text.starts_with(read));
    }

    #[test]
    fn a_claimed_length_beyond_the_message_is_no_message() {
        assert_eq!(Said::read(&[b'T', 20, b'x']), None);
        assert_eq!(Said::read(&[b'T', 255]), None);
        assert_eq!(Said::read(&[b'T', 1, 0xff]), None, "not UTF-8");
        assert_eq!(Said::read(&[]), None);
    }
}

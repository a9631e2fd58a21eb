use std::fmt;

use vocabulary::{AeTitle, AeTitleError, Status, Tag, Uid};

use super::Element;
use crate::statuses;

/// The bytes before a value: tag and length (PS3.5 7.1.3).
const HEADER_BYTES: usize = 8;

/// The known elements of a command set, borrowed from its bytes.
///
/// The order of the elements and the group length are not insisted on: both are redundant, and peers that get
/// them wrong are otherwise understood.
#[derive(Debug)]
pub(crate) struct CommandSet<'a> {
    slots: [Slot<'a>; Element::COUNT],
    fault: Option<Fault>,
}

/// What was found of one element.
#[derive(Debug, Clone, Copy)]
enum Slot<'a> {
    Absent,
    Once(&'a [u8]),
    Twice,
}

/// What is wrong with a command, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) tag: Tag,
    pub(crate) problem: Problem,
}

/// What is wrong with an element of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// It lacks, and the command means nothing without it.
    Missing,
    /// It is there twice: which one counts would be a guess.
    Twice,
    /// Its value has another length than its VR prescribes.
    Mistyped,
    /// Its length leads beyond the end of the command, or the command ends within it.
    Truncated,
    /// Its value is no UID.
    NotAUid,
    /// It says that no data set follows, where the operation is nothing without one.
    NoDataSet,
}

impl Fault {
    pub(crate) const fn new(element: Element, problem: Problem) -> Self {
        Self { tag: element.tag(), problem }
    }

    /// The status that says so (PS3.7 annex C), where the operation has none of its own for it.
    pub(crate) const fn status(&self) -> Status {
        match self.problem {
            Problem::Missing | Problem::Twice | Problem::Truncated => statuses::UNREADABLE.status,
            Problem::Mistyped | Problem::NotAUid | Problem::NoDataSet => statuses::MISTYPED.status,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tag = self.tag;
        match self.problem {
            Problem::Missing => write!(f, "element {tag} is missing in the command"),
            Problem::Twice => write!(f, "element {tag} is twice in the command"),
            Problem::Mistyped => write!(f, "element {tag} of the command has a wrong length"),
            Problem::Truncated => write!(f, "element {tag} leads beyond the command's end"),
            Problem::NotAUid => write!(f, "element {tag} of the command holds no valid UID"),
            Problem::NoDataSet => write!(f, "element {tag} announces no data set, one is needed"),
        }
    }
}

impl<'a> CommandSet<'a> {
    /// Takes the elements out of a whole command. What comes after the first fault in the structure is not there.
    pub(crate) fn read(bytes: &'a [u8]) -> Self {
        let mut set = Self { slots: [Slot::Absent; Element::COUNT], fault: None };
        let mut rest = bytes;
        let mut tag = Tag(0, 0);
        while !rest.is_empty() {
            let Some((header, after)) = rest.split_at_checked(HEADER_BYTES) else {
                set.note(Fault { tag, problem: Problem::Truncated });
                break;
            };
            let length = match *header {
                [g0, g1, e0, e1, l0, l1, l2, l3] => {
                    tag = Tag(u16::from_le_bytes([g0, g1]), u16::from_le_bytes([e0, e1]));
                    usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX)
                }
                _ => break,
            };
            let Some((value, after)) = after.split_at_checked(length) else {
                set.note(Fault { tag, problem: Problem::Truncated });
                break;
            };
            rest = after;
            if tag.group() != 0 {
                continue;
            }
            if let Some(element) = Element::find(tag.element())
                && let Some(slot) = set.slots.get_mut(element as usize)
            {
                if matches!(slot, Slot::Absent) {
                    *slot = Slot::Once(value);
                } else {
                    *slot = Slot::Twice;
                    set.note(Fault { tag, problem: Problem::Twice });
                }
            }
        }
        set
    }

    fn note(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    /// The first thing wrong with the structure, if anything is.
    pub(crate) fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    fn value(&self, element: Element) -> Result<Option<&'a [u8]>, Fault> {
        match self.slots.get(element as usize) {
            Some(Slot::Once(value)) => Ok(Some(value)),
            Some(Slot::Twice) => Err(Fault::new(element, Problem::Twice)),
            Some(Slot::Absent) | None => Ok(None),
        }
    }

    fn usable(&self, element: Element) -> Option<&'a [u8]> {
        self.value(element).ok().flatten()
    }

    /// A number, if it is there; one without a value counts as absent.
    pub(crate) fn number(&self, element: Element) -> Result<Option<u16>, Fault> {
        match self.value(element)? {
            None | Some([]) => Ok(None),
            Some(&[low, high]) => Ok(Some(u16::from_le_bytes([low, high]))),
            Some(_) => Err(Fault::new(element, Problem::Mistyped)),
        }
    }

    /// A number that has to be there.
    pub(crate) fn required_number(&self, element: Element) -> Result<u16, Fault> {
        self.number(element)?.ok_or(Fault::new(element, Problem::Missing))
    }

    /// A UID that has to be there; one without a value is no UID.
    pub(crate) fn required_uid(&self, element: Element) -> Result<Uid, Fault> {
        let value = self.value(element)?.ok_or(Fault::new(element, Problem::Missing))?;
        Uid::from_wire(value).map_err(|_| Fault::new(element, Problem::NotAUid))
    }

    /// A UID that only travels along: absent when it is not there or is none.
    pub(crate) fn uid(&self, element: Element) -> Option<Uid> {
        Uid::from_wire(self.usable(element)?).ok()
    }

    /// An AE title that only travels along: absent when it is not there or is none.
    pub(crate) fn ae_title(&self, element: Element) -> Option<AeTitle> {
        AeTitle::from_wire(self.usable(element)?).ok()
    }

    /// An AE title, or the text that is none.
    pub(crate) fn required_ae_title(&self, element: Element) -> Result<AeTitle, (String, AeTitleError)> {
        let value = self.usable(element).unwrap_or_default();
        AeTitle::from_wire(value).map_err(|error| (String::from_utf8_lossy(value).into_owned(), error))
    }

    /// A text that only travels along, without its padding.
    pub(crate) fn text(&self, element: Element) -> Option<Box<str>> {
        let text = String::from_utf8_lossy(self.usable(element)?);
        let trimmed = text.trim_matches([' ', '\0']);
        (!trimmed.is_empty()).then(|| trimmed.into())
    }

    /// Tags that only travel along.
    pub(crate) fn tags(&self, element: Element) -> Vec<Tag> {
        let (pairs, _) = self.usable(element).unwrap_or_default().as_chunks::<4>();
        pairs
            .iter()
            .map(|&[g0, g1, e0, e1]| Tag(u16::from_le_bytes([g0, g1]), u16::from_le_bytes([e0, e1])))
            .collect()
    }
}

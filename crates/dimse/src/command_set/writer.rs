use vocabulary::{Tag, Uid};

use super::Element;

/// Writes one command set behind whatever a buffer holds already.
///
/// Elements are given in ascending order, as PS3.5 7.1 wants them; a debug build checks it.
#[derive(Debug)]
pub(crate) struct CommandWriter<'a> {
    into: &'a mut Vec<u8>,
    begin: usize,
    last: Element,
}

impl<'a> CommandWriter<'a> {
    /// Begins a command set; the group length waits for [`CommandWriter::finish`].
    pub(crate) fn new(into: &'a mut Vec<u8>) -> Self {
        let begin = into.len();
        let mut writer = Self { into, begin, last: Element::CommandGroupLength };
        writer.put(Element::CommandGroupLength, &[0; 4]);
        writer
    }

    fn header(&mut self, element: Element, length: usize) {
        debug_assert!(
            element > self.last || element == Element::CommandGroupLength,
            "{element:?} out of order"
        );
        self.last = element;
        self.into.extend_from_slice(&[0, 0]);
        self.into.extend_from_slice(&element.number().to_le_bytes());
        // Every value written here is bounded by its type: nothing comes near 4 GiB.
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.into.extend_from_slice(&length.to_le_bytes());
    }

    fn put(&mut self, element: Element, value: &[u8]) {
        let odd = value.len() % 2;
        self.header(element, value.len() + odd);
        self.into.extend_from_slice(value);
        if odd == 1 {
            self.into.push(element.vr().padding());
        }
    }

    pub(crate) fn number(&mut self, element: Element, value: u16) {
        self.put(element, &value.to_le_bytes());
    }

    pub(crate) fn optional_number(&mut self, element: Element, value: Option<u16>) {
        if let Some(value) = value {
            self.number(element, value);
        }
    }

    pub(crate) fn uid(&mut self, element: Element, uid: &Uid) {
        self.put(element, uid.as_str().as_bytes());
    }

    pub(crate) fn optional_uid(&mut self, element: Element, uid: Option<&Uid>) {
        if let Some(uid) = uid {
            self.uid(element, uid);
        }
    }

    pub(crate) fn text(&mut self, element: Element, text: &str) {
        self.put(element, text.as_bytes());
    }

    pub(crate) fn tags(&mut self, element: Element, tags: &[Tag]) {
        self.header(element, tags.len() * 4);
        for tag in tags {
            self.into.extend_from_slice(&tag.group().to_le_bytes());
            self.into.extend_from_slice(&tag.element().to_le_bytes());
        }
    }

    /// Ends the command set: its group length, that of all behind it, is known now (PS3.7 E.1).
    pub(crate) fn finish(self) {
        let command = self.into.get_mut(self.begin..).unwrap_or_default();
        let length = u32::try_from(command.len().saturating_sub(12)).unwrap_or(u32::MAX);
        if let Some(value) = command.get_mut(8..12) {
            value.copy_from_slice(&length.to_le_bytes());
        }
    }
}

//! What is open while a data set is walked: sequences, items, encapsulated pixel data.

use vocabulary::{Tag, limits};

use crate::element::Layout;
use crate::malformed::Fault;

/// What stands directly inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inside {
    /// A data set: elements.
    Elements,
    /// A sequence: items with elements.
    Items,
    /// Encapsulated pixel data: items with bytes (PS3.5 A.4).
    Fragments,
}

/// One thing that is open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) inside: Inside,
    /// The sequence; for an item that of its sequence.
    pub(crate) tag: Tag,
    /// The offset that nothing inside may reach beyond.
    pub(crate) end: u64,
    /// Whether a delimiter closes it, or its end does.
    pub(crate) delimited: bool,
    pub(crate) layout: Layout,
}

/// All that is open, the outermost first.
#[derive(Debug, Clone)]
pub(crate) struct Nesting {
    pub(crate) top: Frame,
    below: Vec<Frame>,
}

impl Nesting {
    /// Nothing but the data set itself.
    pub(crate) fn new(layout: Layout) -> Self {
        let top = Frame { inside: Inside::Elements, tag: Tag(0, 0), end: u64::MAX, delimited: true, layout };
        Self { top, below: Vec::new() }
    }

    /// How many frames are open within the data set.
    pub(crate) fn depth(&self) -> usize {
        self.below.len()
    }

    pub(crate) fn open(&mut self, frame: Frame) -> Result<(), Fault> {
        // A sequence and its item are two frames and one level.
        if self.below.len() >= 2 * limits::NESTING_MAX {
            return Err(Fault::NestedTooDeep(limits::NESTING_MAX));
        }
        self.below.push(self.top);
        self.top = frame;
        Ok(())
    }

    /// Closes the innermost. Whether there was one.
    pub(crate) fn close(&mut self) -> bool {
        match self.below.pop() {
            Some(frame) => {
                self.top = frame;
                true
            }
            None => false,
        }
    }

    /// The sequences that are open, and the element at hand.
    pub(crate) fn path(&self, at: Option<Tag>) -> Box<[Tag]> {
        let open = self.below.iter().skip(1).chain((self.depth() > 0).then_some(&self.top));
        let sequences = open.filter(|frame| frame.inside != Inside::Elements).map(|frame| frame.tag);
        sequences.chain(at).collect()
    }
}

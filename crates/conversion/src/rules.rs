//! What a destination wants (CFG-029 to CFG-033): the part of the configuration that conversion heeds.

use vocabulary::Uid;

/// What an instance is made into for one destination. The default: it stays what it is, but for the transfer
/// syntax and the ultrasound class, where the destination does not take those it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The SOP classes that are proposed; `None`: every one (SCU-007).
    pub sop_classes: Option<Vec<Uid>>,
    /// SOP classes that are not proposed after all.
    pub sop_classes_removed: Vec<Uid>,
    /// The transfer syntaxes that are proposed, most preferred first; none: the one an instance is held in, then
    /// Explicit and Implicit VR Little Endian (SCU-021).
    pub transfer_syntaxes: Vec<Uid>,
    /// Whether images are compressed with loss.
    pub lossy: Lossy,
    /// The quality of such compression, 1 to 100.
    pub jpeg_quality: u8,
    /// Whether retired and current ultrasound classes are turned into each other (SCU-006).
    pub ultrasound: Ultrasound,
    /// What images are to be (IOD-030).
    pub photometric: Option<Photometric>,
    /// Window Center and Window Width for greyscale images that have none (IOD-031, IOD-032), as decimal strings.
    pub window: Option<Window>,
    /// What is done where a signed instance would be changed (DIF-012).
    pub signed: Signed,
}

/// Whether images are compressed with loss: JPEG Baseline (SCU-004, IOD-033).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lossy {
    /// They are not.
    #[default]
    Never,
    /// Where the destination takes nothing else.
    WhenNeeded,
    /// Wherever the destination takes it.
    Preferred,
}

/// Whether retired and current ultrasound classes are turned into each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ultrasound {
    /// They are not.
    Never,
    /// Where the destination does not take the class that the instance has.
    #[default]
    WhenNeeded,
}

/// What is done where a digitally signed instance would be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signed {
    /// It is not converted, and what was corrected is not sent (PS3.15 A.3).
    AsHeld,
    /// It is changed like any other, and its signatures are removed.
    #[default]
    Changed,
}

/// A photometric interpretation that images are converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Photometric {
    /// MONOCHROME2.
    Monochrome2,
    /// RGB.
    Rgb,
}

/// A window (PS3.3 C.11.2.1.2), as decimal strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Window Center.
    pub center: String,
    /// Window Width.
    pub width: String,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            sop_classes: None,
            sop_classes_removed: Vec::new(),
            transfer_syntaxes: Vec::new(),
            lossy: Lossy::default(),
            jpeg_quality: 90,
            ultrasound: Ultrasound::default(),
            photometric: None,
            window: None,
            signed: Signed::default(),
        }
    }
}

impl Rules {
    /// Whether instances of the class are sent at all.
    pub(crate) fn is_sent(&self, sop_class_uid: &Uid) -> bool {
        self.sop_classes.as_ref().is_none_or(|classes| classes.contains(sop_class_uid))
            && !self.sop_classes_removed.contains(sop_class_uid)
    }

    /// Whether an instance that the destination takes as it is held is sent like that.
    pub fn leave_as_stored(&self) -> bool {
        !self.change_contents() && self.lossy != Lossy::Preferred
    }

    /// Whether an instance may be other than what it is held as even where the destination takes it as it is.
    pub(crate) fn change_contents(&self) -> bool {
        self.photometric.is_some() || self.window.is_some()
    }
}

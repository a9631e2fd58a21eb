use std::collections::BTreeSet;
use std::io::{self, Read};
use std::rc::Rc;

use vocabulary::transfer_syntax::{self, JPEG_BASELINE};
use vocabulary::{Encoding, Uid};

use crate::corrections::{Corrections, Texts};
use crate::derivation::{Predecessor, derive};
use crate::edits::Edits;
use crate::pixels::{self, Interpretation, Lost, Target};
use crate::rewrite::{self, Recipe};
use crate::rules::{Photometric, Rules, Signed};
use crate::survey::{PixelData, Survey};
use crate::tags::{
    CINE_RATE, DERIVATION_DESCRIPTION, DIGITAL_SIGNATURES_SEQUENCE, FRAME_TIME, FRAME_TIME_VECTOR,
    ICON_IMAGE_SEQUENCE, MAC_PARAMETERS_SEQUENCE, PHOTOMETRIC_INTERPRETATION,
};
use crate::{NotConverted, ultrasound, window};

#[cfg(test)]
mod tests;

/// An instance as it is held: what its conversion starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// SOP Class UID.
    pub sop_class_uid: Uid,
    /// SOP Instance UID.
    pub sop_instance_uid: Uid,
    /// The transfer syntax of its bytes.
    pub transfer_syntax_uid: Uid,
}

/// How one instance is made into what a destination takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    pub(crate) stored: Stored,
    pub(crate) sop_class_uid: Uid,
    pub(crate) transfer_syntax_uid: Uid,
    pub(crate) rules: Rules,
    pub(crate) corrections: Option<Corrections>,
}

/// What came of a conversion.
#[derive(Debug)]
pub enum Applied {
    /// Nothing is to be changed: the bytes are sent as they are held.
    AsStored,
    /// Another data set.
    Converted(Converted),
}

/// A data set made of an instance.
pub struct Converted {
    /// Its SOP class.
    pub sop_class_uid: Uid,
    /// Its SOP instance: another one where pixels have lost something.
    pub sop_instance_uid: Uid,
    /// Its transfer syntax.
    pub transfer_syntax_uid: Uid,
    /// Its length, in bytes.
    pub length: u64,
    /// Its bytes, as many as `length` says.
    pub data_set: Box<dyn Read>,
}

impl std::fmt::Debug for Converted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Converted({} in {}, {} bytes)",
            self.sop_instance_uid, self.transfer_syntax_uid, self.length
        )
    }
}

impl Conversion {
    /// The SOP class that the instance will be of.
    pub fn sop_class_uid(&self) -> &Uid {
        &self.sop_class_uid
    }

    /// The transfer syntax that it will be in.
    pub fn transfer_syntax_uid(&self) -> &Uid {
        &self.transfer_syntax_uid
    }

    /// Converts an instance. `open` gives its data set, from the first byte on, as often as it is asked.
    ///
    /// All that can fail for what the instance is fails here. Pixel data that are encoded anew are held in memory,
    /// [`PIXEL_BYTES_MAX`](crate::limits::PIXEL_BYTES_MAX) at most; everything else is read again as it is sent.
    ///
    /// # Errors
    /// When the instance cannot be made into what is wanted.
    pub fn apply(&self, open: &dyn Fn() -> io::Result<Box<dyn Read>>) -> Result<Applied, NotConverted> {
        let encoding = encoding_of(&self.stored.transfer_syntax_uid);
        let survey = Survey::of(encoding, open()?, &self.surveyed_tags())?;
        let mut edits = Edits::default();
        let texts = match &self.corrections {
            Some(corrections) => corrections.correct(&mut edits, &survey, &self.stored.sop_instance_uid)?,
            None => Texts { set: survey.values.specific_character_set().clone(), recode: None },
        };
        let mut recipe = Recipe {
            // What is encapsulated is explicit (PS3.5 A.4).
            explicit: encoding_of(&self.transfer_syntax_uid) == Encoding::ExplicitLittleEndian,
            signed: survey.is_signed(),
            ..Recipe::default()
        };
        let target = self.target(&survey, recipe.explicit)?;
        let mut lost = Lost::default();
        if let (Some(target), Some(pixel_data)) = (target, &survey.pixel_data) {
            let syntax = self.stored.transfer_syntax_uid.as_str();
            let changed = pixels::convert(&survey, pixel_data, syntax, encoding, open()?, target)?;
            edits.0.extend(changed.edits.0);
            (recipe.pixels, lost) = (changed.parts, changed.lost);
        }
        if survey.has_other_fragments && !recipe.explicit {
            // Without a VR they would be taken for the items of a sequence.
            return Err(NotConverted::Pixels(
                "an element beside Pixel Data is in fragments, which implicit VR does not have",
            ));
        }
        if !is_encapsulated(&self.transfer_syntax_uid) {
            // A thumbnail is no loss (PS3.3 table C.7-11b, type 3).
            match survey.with_encapsulated.iter().all(|sequence| *sequence == ICON_IMAGE_SEQUENCE) {
                true => survey.with_encapsulated.iter().for_each(|sequence| edits.remove(*sequence)),
                false => return Err(NotConverted::Pixels("those of a sequence are compressed")),
            }
        }
        if self.sop_class_uid != self.stored.sop_class_uid {
            ultrasound::conform(&mut edits, &survey, &self.sop_class_uid);
        }
        if let Some(window) = &self.rules.window {
            let made = target.and_then(|target| target.photometric).map(|photometric| match photometric {
                Photometric::Monochrome2 => Interpretation::Monochrome2,
                Photometric::Rgb => Interpretation::Rgb,
            });
            let held = Interpretation::parse(&survey.text(PHOTOMETRIC_INTERPRETATION));
            window::default_to(&mut edits, &survey, window, made.unwrap_or(held));
        }
        let mut sop_instance_uid = self.stored.sop_instance_uid.clone();
        if lost != Lost::default() {
            let from = Predecessor {
                sop_class: &self.stored.sop_class_uid,
                sop_instance: &self.stored.sop_instance_uid,
            };
            let how = self.how(target);
            sop_instance_uid = derive(&mut edits, &survey, from, lost, &how, &texts.set);
        }
        if edits.is_empty() && self.transfer_syntax_uid == self.stored.transfer_syntax_uid {
            return Ok(Applied::AsStored);
        }
        if !edits.is_empty() || !recipe.pixels.is_empty() {
            if survey.has(DIGITAL_SIGNATURES_SEQUENCE) && self.rules.signed == Signed::AsHeld {
                return Err(NotConverted::Signed);
            }
            // What was signed is not what is sent (PS3.3 C.12.1.1.3).
            edits.remove(MAC_PARAMETERS_SEQUENCE);
            edits.remove(DIGITAL_SIGNATURES_SEQUENCE);
        }
        (recipe.edits, recipe.recode) = (edits, texts.recode);
        let recipe = Rc::new(recipe);
        let measured = rewrite::measure(encoding, open()?, &recipe)?;
        Ok(Applied::Converted(Converted {
            sop_class_uid: self.sop_class_uid.clone(),
            sop_instance_uid,
            transfer_syntax_uid: self.transfer_syntax_uid.clone(),
            length: measured.bytes,
            data_set: Box::new(rewrite::write(encoding, open()?, &recipe, measured)),
        }))
    }

    /// What the pixel data are to become; `None`: they stay as they are.
    fn target(&self, survey: &Survey, explicit: bool) -> Result<Option<Target>, NotConverted> {
        let stays_compressed = self.transfer_syntax_uid == self.stored.transfer_syntax_uid;
        let compresses = self.transfer_syntax_uid == *JPEG_BASELINE && !stays_compressed;
        let Some(pixel_data) = &survey.pixel_data else {
            return match compresses {
                true => Err(NotConverted::Pixels("there are none to compress")),
                false => Ok(None),
            };
        };
        let held = Interpretation::parse(&survey.text(PHOTOMETRIC_INTERPRETATION));
        let is_turned_current =
            self.sop_class_uid != self.stored.sop_class_uid && ultrasound::is_current(&self.sop_class_uid);
        let photometric = match self.rules.photometric {
            Some(Photometric::Monochrome2) if held == Interpretation::Monochrome2 => None,
            Some(Photometric::Rgb) if held == Interpretation::Rgb => None,
            // The current ultrasound classes have no MONOCHROME1 (PS3.3 C.8.5.6.1.2).
            None if is_turned_current && held == Interpretation::Monochrome1 => {
                Some(Photometric::Monochrome2)
            }
            wanted => wanted,
        };
        let is_compressed = matches!(pixel_data, PixelData::Encapsulated { .. });
        if stays_compressed && is_compressed && photometric.is_some() {
            return Err(NotConverted::Pixels("they would have to be sent uncompressed"));
        }
        if !compresses && photometric.is_none() && (stays_compressed || !is_compressed) {
            return Ok(None);
        }
        let jpeg_quality = compresses.then_some(self.rules.jpeg_quality);
        Ok(Some(Target { jpeg_quality, photometric, explicit }))
    }

    /// What was done to the pixels, in words.
    fn how(&self, target: Option<Target>) -> String {
        let mut done = Vec::new();
        match target.and_then(|target| target.photometric) {
            Some(Photometric::Monochrome2) => done.push("Converted to MONOCHROME2".to_owned()),
            Some(Photometric::Rgb) => done.push("Converted to RGB".to_owned()),
            None => {}
        }
        if let Some(quality) = target.and_then(|target| target.jpeg_quality) {
            done.push(format!("Compressed with JPEG Baseline, quality {quality}"));
        }
        done.join(", ")
    }

    fn surveyed_tags(&self) -> BTreeSet<vocabulary::Tag> {
        let corrected = self.corrections.iter().flat_map(Corrections::tags);
        corrected.chain([CINE_RATE, FRAME_TIME, FRAME_TIME_VECTOR, DERIVATION_DESCRIPTION]).collect()
    }
}

/// Whether pixel data are encapsulated in the transfer syntax; those that the table does not know are.
pub(crate) fn is_encapsulated(transfer_syntax_uid: &Uid) -> bool {
    transfer_syntax::find(transfer_syntax_uid.as_str()).is_none_or(|syntax| syntax.encapsulated)
}

/// The encoding of a transfer syntax; those that the table does not know are explicit VR little endian, as every
/// encapsulated one is (PS3.5 A.4).
pub(crate) fn encoding_of(transfer_syntax_uid: &Uid) -> Encoding {
    transfer_syntax::find(transfer_syntax_uid.as_str())
        .map_or(Encoding::ExplicitLittleEndian, |syntax| syntax.encoding)
}

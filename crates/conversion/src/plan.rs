//! What is proposed to a destination for an instance, and what is sent once the destination has answered
//! (SCU-003, SCU-004, SCU-006).

use vocabulary::transfer_syntax::{
    self, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, JPEG_BASELINE,
};
use vocabulary::{Encoding, Uid, sop_class};

use crate::conversion::{Conversion, Stored, encoding_of, is_encapsulated};
use crate::corrections::Corrections;
use crate::pixels::can_decode;
use crate::rules::{Lossy, Rules, Ultrasound};
use crate::ultrasound;

#[cfg(test)]
mod tests;

/// A SOP class and a transfer syntax: what a presentation context is for.
pub type Context = (Uid, Uid);

/// One way to send an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// As it is held.
    AsStored,
    /// As something else.
    Convert(Box<Conversion>),
}

impl Plan {
    /// The ways to send an instance to a destination that takes it in some of the contexts, the best one first. The
    /// next one is for when one turns out not to be possible. `accepts` says which contexts there are.
    ///
    /// The order (SIL-065): as it is held; uncompressed; as the other one of the ultrasound classes, in the same
    /// order; compressed with loss, if the rules allow it.
    pub fn for_destination(
        stored: &Stored,
        accepts: impl Fn(&Uid, &Uid) -> bool,
        rules: &Rules,
        corrections: Option<&Corrections>,
    ) -> Vec<Self> {
        let is_accepted = accepts(&stored.sop_class_uid, &stored.transfer_syntax_uid);
        let changes = corrections.is_some() || rules.change_contents();
        if is_accepted && corrections.is_none() && rules.leave_as_stored() {
            return vec![Self::AsStored];
        }
        let mut plans = Vec::new();
        for (sop_class_uid, transfer_syntax_uid) in contexts(stored, rules) {
            let is_as_held = (&sop_class_uid, &transfer_syntax_uid)
                == (&stored.sop_class_uid, &stored.transfer_syntax_uid);
            if !accepts(&sop_class_uid, &transfer_syntax_uid) {
                continue;
            }
            if is_as_held && !changes {
                plans.push(Self::AsStored);
            } else if !is_as_held || is_rewritten(&transfer_syntax_uid) {
                let corrections = corrections.cloned();
                plans.push(Self::Convert(Box::new(Conversion {
                    stored: stored.clone(),
                    sop_class_uid,
                    transfer_syntax_uid,
                    rules: rules.clone(),
                    corrections,
                })));
            }
        }
        // What cannot be as the destination would have it is better than nothing; what was corrected is not sent
        // uncorrected.
        if changes && is_accepted && corrections.is_none() {
            plans.push(Self::AsStored);
        }
        plans
    }
}

/// The contexts that an instance could be sent in, the best one first.
pub fn contexts(stored: &Stored, rules: &Rules) -> Vec<Context> {
    let held = &stored.transfer_syntax_uid;
    let mut syntaxes = rules.transfer_syntaxes.clone();
    if syntaxes.is_empty() {
        syntaxes.extend([held.clone(), known(EXPLICIT_VR_LITTLE_ENDIAN), known(IMPLICIT_VR_LITTLE_ENDIAN)]);
        syntaxes.push(known(JPEG_BASELINE));
    }
    // Stable sorts: what an instance is held in first, what loses something last.
    syntaxes.sort_by_key(|syntax| syntax != held);
    let (lossy, mut others): (Vec<Uid>, Vec<Uid>) =
        syntaxes.into_iter().partition(|syntax| *syntax == *JPEG_BASELINE && syntax != held);
    others.dedup();
    others.retain(|syntax| syntax == held || can_be_made(held, syntax));
    let is_compressed = is_encapsulated(held);
    let may_lose = rules.lossy != Lossy::Never
        && sop_class::is_compressed_in_annex_f(&stored.sop_class_uid)
        && (!is_compressed || can_decode(held.as_str()));
    let lossy: Vec<Uid> = lossy.into_iter().take(usize::from(may_lose)).collect();

    let twin = (rules.ultrasound == Ultrasound::WhenNeeded)
        .then(|| ultrasound::twin(&stored.sop_class_uid))
        .flatten()
        .filter(|_| is_rewritten(held) || can_be_made(held, &known(EXPLICIT_VR_LITTLE_ENDIAN)));
    let classes = [Some(&stored.sop_class_uid), twin.as_ref()].into_iter().flatten();
    let classes: Vec<&Uid> = classes.filter(|class| rules.is_sent(class)).collect();
    let all = |syntaxes: &[Uid]| -> Vec<Context> {
        let each =
            classes.iter().flat_map(|class| syntaxes.iter().map(|syntax| ((*class).clone(), syntax.clone())));
        each.filter(|(class, syntax)| *class == stored.sop_class_uid || is_rewritten(syntax)).collect()
    };
    match rules.lossy {
        // What is compressed already is not made smaller once more.
        Lossy::Preferred if !is_compressed => [all(&lossy), all(&others)].concat(),
        _ => [all(&others), all(&lossy)].concat(),
    }
}

/// Whether data sets in this transfer syntax can be written anew.
fn is_rewritten(syntax: &Uid) -> bool {
    matches!(encoding_of(syntax), Encoding::ImplicitLittleEndian | Encoding::ExplicitLittleEndian)
}

/// Whether an instance in one transfer syntax can be brought to another without loss, as far as can be said without
/// a look at it.
fn can_be_made(held: &Uid, wanted: &Uid) -> bool {
    let is_plain =
        [EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN].iter().any(|plain| *wanted == **plain);
    is_plain && (can_decode(held.as_str()) || is_native(held))
}

/// Whether pixel data in this transfer syntax are there as they are.
fn is_native(syntax: &Uid) -> bool {
    transfer_syntax::find(syntax.as_str()).is_some_and(|syntax| {
        !syntax.encapsulated && !syntax.keyword.starts_with("JPIP") && !syntax.keyword.starts_with("SMPTE")
    })
}

fn known(uid: &'static str) -> Uid {
    Uid::known(uid)
}

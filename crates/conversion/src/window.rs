//! A window for images that have none (IOD-031, IOD-032).

use vocabulary::Vr;

use crate::edits::Edits;
use crate::pixels::Interpretation;
use crate::rules::Window;
use crate::survey::Survey;
use crate::tags::{
    PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, PHOTOMETRIC_INTERPRETATION, SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
    VOI_LUT_SEQUENCE, WINDOW_CENTER, WINDOW_WIDTH,
};

/// Puts the window in, if the instance is a greyscale image that says nothing of how it is to be shown. (Those with
/// functional groups say it there.)
pub(crate) fn default_to(
    edits: &mut Edits,
    survey: &Survey,
    window: &Window,
    interpretation: Interpretation,
) {
    let says_otherwise =
        [VOI_LUT_SEQUENCE, PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, SHARED_FUNCTIONAL_GROUPS_SEQUENCE]
            .iter()
            .any(|tag| survey.has(*tag));
    let has_window = !survey.text(WINDOW_CENTER).is_empty() && !survey.text(WINDOW_WIDTH).is_empty();
    let is_image = survey.pixel_data.is_some() && survey.has(PHOTOMETRIC_INTERPRETATION);
    if is_image && interpretation.is_greyscale() && !says_otherwise && !has_window {
        edits.text(WINDOW_CENTER, Vr::DS, &window.center);
        edits.text(WINDOW_WIDTH, Vr::DS, &window.width);
    }
}

//! What PS3.2 puts at the end.

use crate::document::{Section, text};
use crate::facts::Facts;

pub(crate) fn sections(facts: &Facts<'_>) -> Vec<Section> {
    vec![
        Section::new("iod", "IOD Contents").with([
            Section::new("", "Created SOP Instances").say("Isocenter creates no SOP instances."),
            Section::new("", "Usage of Attributes from Received Instances").say(
                text("The attributes in section ").see("keys").and(
                    " are copied to the catalog for queries. No other attribute is needed, and none is displayed.",
                ),
            ),
            Section::new("", "Attribute Mapping").say("None."),
            crate::modified::section(facts),
        ]),
        Section::new("", "Data Dictionary of Private Attributes").say("None."),
        Section::new("", "Coded Terminology and Templates").say("None."),
        Section::new("", "Grayscale Image Consistency").say("Not applicable: nothing is displayed."),
        Section::new("", "Standard Extended, Specialized and Private SOP Classes").say(
            text("Isocenter defines none. Instances of standard extended and specialized SOP classes are taken under the UID of \
                  their class, private SOP classes where ")
                .lit("storage-scp.sop-classes-added")
                .and(" lists them."),
        ),
        Section::new("", "Private Transfer Syntaxes").say("None."),
    ]
}

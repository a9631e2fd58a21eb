//! What is other in instances that leave than in those that came.

use catalog::keys::KEYS;
use catalog::valid;
use query_retrieve_scp::CorrectionRules;
use vocabulary::Level;

use crate::document::{Section, Text, literal, text};
use crate::facts::Facts;

pub(crate) fn section(facts: &Facts<'_>) -> Section {
    let mut section = Section::new("modified", "Coerced and Modified Attributes")
        .say(
            "What is received is kept as it is, byte for byte. Attributes of patients, studies and series can be corrected by \
             service staff, with a command; what a peer sends changes nothing that is held.",
        )
        .list(rules(facts.corrections));
    for level in [Level::Patient, Level::Study, Level::Series] {
        let rows = KEYS.iter().filter(|key| key.level == level && valid::can_be_given(key));
        let row = |key: &catalog::keys::Key| {
            vec![text(key.keyword), literal(key.tag.to_string()), literal(key.vr.to_string())]
        };
        section = section.table(
            format!("Attributes of level {level} that can be corrected"),
            &["Attribute", "Tag", "VR"],
            rows.map(row).collect(),
        );
    }
    section.say(
        text("The transfer syntax, the ultrasound SOP class, the photometric interpretation and the window of images are made into \
              what a destination takes as far as ")
            .lit("[[peer]]")
            .and(" says so. Where pixel data lose something the instance gets another SOP Instance UID."),
    )
}

fn rules(rules: &CorrectionRules) -> Vec<Text> {
    let CorrectionRules { exported, original_attributes, system } = rules;
    let mut list = vec![
        text(
            "Answers to C-FIND have the corrected values, and are matched by them, from the moment of the correction on. \
              Instances that come later have them too.",
        ),
        match exported {
            true => text("Exported instances have the corrected values. Their SOP Instance UID stays."),
            false => text("Exported instances have the values that were received."),
        },
    ];
    if *exported {
        list.push(match original_attributes {
            true => text("What they had before stands in the Original Attributes Sequence (0400,0561); the Modifying System is ")
                .lit(system.clone())
                .and("."),
            false => text("What they had before is not said in them."),
        });
    }
    list
}

//! Verification and storage: SOP specific conformance.

use application_entity::dispatch;
use catalog::ExamTypes;
use holdings::{HoldingsRules, Modality, Names, PatientIdConflict, Required, Sex, Sync};
use storage_scu::responses::responses;
use vocabulary::Tag;

use crate::document::{Section, Text, text};
use crate::facts::Facts;
use crate::statuses::code;

pub(crate) fn verification() -> Section {
    Section::new("verification", "Verification")
        .say("STORAGE-SCP and QUERY-RETRIEVE-SCP answer C-ECHO to every peer that they accept.")
        .statuses("C-ECHO", [dispatch::ECHOED])
}

/// The statuses that every service may answer with.
pub(crate) fn common_statuses() -> Section {
    let rows = dispatch::STATUSES.iter().chain(dimse::statuses::TABLE).copied();
    Section::new("common-statuses", "Statuses of Every Service")
        .say(
            "Every request that does not fit its presentation context, or whose command is unusable, is answered by \
             one of these, in addition to the statuses of its service. A command that lacks what an answer is made \
             from ends the association by A-ABORT.",
        )
        .statuses("Common", rows)
}

pub(crate) fn provider(facts: &Facts<'_>) -> Section {
    let HoldingsRules {
        sync,
        duplicates,
        patient_id_conflict,
        names,
        sex,
        modality,
        defaults,
        required,
        rejected_bytes_max,
        exam_types,
        reserved_bytes,
    } = facts.holdings_rules;
    let changed = changed(*patient_id_conflict, *names, *sex, *modality, defaults);
    let durable = match sync {
        Sync::Instance => {
            "Success is answered only when the instance is on stable storage, and when it is in the catalog."
        }
        Sync::None => {
            "Success is answered when the instance was written and is in the catalog; a power cut may lose it, as this \
             installation does not wait for stable storage."
        }
    };
    Section::new("storage-scp", "Storage as SCP (STORAGE-SCP)")
        .list(vec![
            text("Level of conformance: 2 (full). Every element of a data set is kept as it came, standard, private and \
                  extended ones, in the transfer syntax in which it came (PS3.4 B.4.1). Digital signatures stay valid; \
                  none is checked."),
            text(durable),
            text(format!("A SOP Instance UID that is held already: {}.", duplicates.words())),
            text(changed),
            text("An association may hold any mix of patients, studies and series, and any number of instances; a study \
                  may come over several associations. What was acknowledged stays, whatever becomes of the association; an \
                  instance that did not come to its end leaves nothing."),
            text("Instances are never deleted by the server itself."),
            text(match reserved_bytes {
                0 => "An instance for which the disk has no room is refused.".to_owned(),
                bytes => format!("An instance that comes when the disk has less than {bytes} bytes left is refused, and so is \
                                  one for which it has no room; as soon as there is more, instances are taken again."),
            }),
            text(format!("A data set is not held against the modules of its SOP class. It must parse, and have UIDs of class, \
                          study, series and instance{}.", match required {
                Required::Identification => "",
                Required::Display => "; an image, Photometric Interpretation, Bits Allocated and Bits Stored too",
            })),
            text(match rejected_bytes_max {
                0 => "Nothing is kept of a data set that is refused.".to_owned(),
                bytes => format!("Data sets that are refused are kept for diagnosis, {bytes} bytes of them at most."),
            }),
            text(exam_types_text(exam_types)),
            text("Attributes of a received instance that the catalog takes for queries are those of section ").see("keys").and("."),
        ])
        .statuses("C-STORE", storage_scp::statuses(facts.warns_of_coercion))
        .say(text("Statuses of every service: section ").see("common-statuses").and("."))
}

/// What becomes of the list of exam types.
fn exam_types_text(exam_types: &ExamTypes) -> String {
    let entries: Vec<&str> = exam_types.entries().collect();
    if entries.is_empty() {
        return "There is no list of exam types, so no series is given one.".to_owned();
    }
    format!(
        "A series is given an exam type, which is one of {}: the entry that Study Description, Series Description, Body Part \
         Examined or the third value of Image Type is, in this order, without case; the first instance of the series that \
         matches one decides. It is a key of queries and not part of instances that are sent.",
        entries.join(", ")
    )
}

/// What is changed of the values of an instance.
fn changed(
    patient_id_conflict: PatientIdConflict,
    names: Names,
    sex: Sex,
    modality: Modality,
    defaults: &[(Tag, String)],
) -> String {
    let mut changed = Vec::new();
    match patient_id_conflict {
        PatientIdConflict::Accept => {}
        PatientIdConflict::Coerce => changed.push(
            "a Patient ID that is known with another name becomes another one, the same for everything of that name"
                .to_owned(),
        ),
    }
    match names {
        Names::AsReceived => {}
        Names::TwoParts => {
            changed.push("a Patient's Name is cut to last and first name, 64 characters of each".to_owned())
        }
    }
    match sex {
        Sex::AsReceived => {}
        Sex::Letter => changed.push(
            "a Patient's Sex is M, F or O by its first letter; else it is U in queries and empty in exports"
                .to_owned(),
        ),
    }
    match modality {
        Modality::AsReceived => {}
        Modality::TwoCharacters => {
            changed.push("a Modality that has not two characters is none in queries".to_owned());
        }
    }
    if !defaults.is_empty() {
        let tags: Vec<_> = defaults.iter().map(|(tag, value)| format!("{tag} by {value}")).collect();
        changed.push(format!("an empty value is replaced, {}", tags.join(", ")));
    }
    if changed.is_empty() {
        return "No value of a received instance is changed, unless its SOP Instance UID is.".to_owned();
    }
    format!(
        "Values that are changed in queries and exports, while what is held stays as it came: {}.",
        changed.join("; ")
    )
}

pub(crate) fn user(facts: &Facts<'_>) -> Section {
    let rows = responses(facts.storage_scu.warnings).map(|row| -> Vec<Text> {
        let (first, last) = (*row.codes.start(), *row.codes.end());
        let codes = match (first, last) {
            (0, 0xFFFF) => "*".to_owned(),
            (first, last) if first == last => code(first),
            (first, last) => format!("{} - {}", code(first), code(last)),
        };
        let counts = if row.is_stored { "Stored" } else { "Not stored" };
        vec![codes.into(), row.meaning.into(), counts.into(), format!("{}.", row.then).into()]
    });
    Section::new("storage-scu", "Storage as SCU (STORAGE-SCU and C-GET)")
        .list(vec![
            text("An instance is sent as it is held: its data set is neither parsed nor encoded anew, and goes out in the \
                  transfer syntax in which it came. If the peer accepts no presentation context for it, it counts as failed."),
            text("The priority of a C-STORE is that of the C-MOVE or C-GET. For a C-MOVE it names the AE title and the \
                  Message ID of the request (Move Originator)."),
        ])
        .table(
            "Handling of C-STORE response statuses",
            &["Code", "Meaning", "The instance counts as", "Behaviour"],
            rows.collect(),
        )
        .say("When the response does not come in time, or the association is lost, the instance and those behind it count \
              as failed, and the association is aborted. An entry in the service log says so.")
}

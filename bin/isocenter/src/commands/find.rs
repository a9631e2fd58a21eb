//! `isocenter find`: what does the peer have? (Study Root C-FIND, Patient Root for level PATIENT)

use catalog::keys::{self, KEYS, Key};
use dataset::Identifier;
use dimse::{CancelRq, Dialogue, FindRq, Priority, Response};
use upper_layer::pdu::ProposedContext;
use vocabulary::{Encoding, InformationModel, Level, Status, Tag, Uid, limits, sop_class, transfer_syntax};

use crate::cli::Find;
use crate::commands::say::{Audience, say};
use crate::commands::{Failure, configured};
use crate::peer_argument::peer;
use crate::wiring;

/// What it proposes: the first class for level PATIENT, the second for all others.
pub(crate) const SOP_CLASSES: [&str; 2] = [sop_class::PATIENT_ROOT_FIND, sop_class::STUDY_ROOT_FIND];
/// What it proposes it in.
pub(crate) const TRANSFER_SYNTAX: &str = transfer_syntax::IMPLICIT_VR_LITTLE_ENDIAN;

const QUERY_RETRIEVE_LEVEL: Tag = Tag(0x0008, 0x0052);
const SPECIFIC_CHARACTER_SET: Tag = Tag(0x0008, 0x0005);
const RETRIEVE_AE_TITLE: Tag = Tag(0x0008, 0x0054);
const INSTANCE_AVAILABILITY: Tag = Tag(0x0008, 0x0056);

/// What is asked for when nothing is said.
const SHOWN: &[&str] = &["PatientName", "PatientID", "StudyDate", "StudyDescription", "ModalitiesInStudy"];

/// Prints the matches, one a block.
pub(crate) fn run(arguments: &Find) -> Result<(), Failure> {
    let mut configuration = configured(&arguments.to.configured.sources())?.configuration;
    let peer = peer(&arguments.to, &mut configuration)?;
    let level = Level::parse(&arguments.level.to_uppercase()).ok_or_else(|| {
        Failure(format!("{:?} is no level: PATIENT, STUDY, SERIES or IMAGE", arguments.level))
    })?;
    let identifier = identifier(level, &arguments.keys)?;
    let [patient_root, study_root] = SOP_CLASSES;
    let class = if level == Level::Patient { patient_root } else { study_root };
    let context = ProposedContext {
        id: 1,
        abstract_syntax: Uid::known(class),
        transfer_syntaxes: vec![Uid::known(TRANSFER_SYNTAX)],
    };
    let scu = wiring::storage_scu(&configuration)?;
    let association = scu.initiation.begin(&peer, vec![context], Vec::new())?;
    if association.context(1).is_none() {
        association.release()?;
        return Err(Failure(format!("{} takes no C-FIND at {}:{}", peer.ae_title, peer.host, peer.port)));
    }
    let mut dialogue = Dialogue::new(association);
    let rq = FindRq {
        context_id: 1,
        message_id: dialogue.next_message_id(),
        affected_sop_class_uid: Uid::known(class),
        priority: Priority::MEDIUM,
    };
    dialogue.send(&rq, Some(&identifier.to_bytes(Encoding::ImplicitLittleEndian)))?;

    let mut matches = 0_u64;
    let mut is_enough = arguments.limit == Some(0);
    loop {
        let response = dialogue.await_response(Some(configuration.storage_scu.response_timeout))?;
        let Response::Find(response) = response else { continue };
        let status = response.outcome.status;
        if !status.is_pending() {
            if let Some(association) = dialogue.into_association() {
                association.release()?;
            }
            say(format_args!("{matches} matches\n"))?;
            return match status {
                Status::SUCCESS | Status::CANCEL => Ok(()),
                _ => {
                    let comment = response.outcome.error_comment.unwrap_or_default();
                    Err(Failure(format!("{} answered {status} {comment}", peer.ae_title)))
                }
            };
        }
        let bytes = dialogue.collect_data_set(limits::IDENTIFIER_BYTES_MAX)?;
        if is_enough {
            continue;
        }
        matches += 1;
        let audience = print(&Identifier::read(&bytes, Encoding::ImplicitLittleEndian)?)?;
        if arguments.limit == Some(matches) || audience == Audience::Left {
            is_enough = true;
            dialogue.send(&CancelRq::of(&rq), None)?;
        }
    }
}

/// The request: the keys as typed, and the unique keys of the level and above it.
fn identifier(level: Level, keys: &[String]) -> Result<Identifier, Failure> {
    let mut identifier = Identifier::new();
    identifier.set_text(SPECIFIC_CHARACTER_SET, "ISO_IR 192");
    identifier.set_text(QUERY_RETRIEVE_LEVEL, level.as_str());
    let model =
        if level == Level::Patient { InformationModel::PatientRoot } else { InformationModel::StudyRoot };
    for unique in model.levels().iter().filter(|above| **above <= level).map(|l| keys::unique(*l)) {
        identifier.set_text(unique.tag, "");
    }
    let typed: Vec<&str> =
        if keys.is_empty() { SHOWN.to_vec() } else { keys.iter().map(String::as_str).collect() };
    for typed in typed {
        let (keyword, value) = typed.split_once('=').unwrap_or((typed, ""));
        let key = key(keyword)?;
        if keys.is_empty() && key.level > level {
            continue;
        }
        if let Some(creator) = keys::private_creator_of(key.tag) {
            identifier.set_text(creator, keys::PRIVATE_CREATOR);
            identifier.set(key.tag, key.vr, value.as_bytes());
        } else if !identifier.set_text(key.tag, value) {
            return Err(Failure(format!("{value:?} is no value for {keyword}")));
        }
    }
    Ok(identifier)
}

fn key(keyword: &str) -> Result<&'static Key, Failure> {
    KEYS.iter().find(|key| key.keyword.eq_ignore_ascii_case(keyword)).ok_or_else(|| {
        Failure(format!(
            "{keyword:?} is no key that Isocenter knows; keywords are those of PS3.6, as PatientName"
        ))
    })
}

fn print(identifier: &Identifier) -> Result<Audience, Failure> {
    let mut block = String::new();
    for element in identifier.elements() {
        let is_private_creator = element.tag.is_private() && element.tag.element() <= 0xFF;
        if is_private_creator || matches!(element.tag, SPECIFIC_CHARACTER_SET | QUERY_RETRIEVE_LEVEL) {
            continue;
        }
        let name = match element.tag {
            RETRIEVE_AE_TITLE => "RetrieveAETitle".to_owned(),
            INSTANCE_AVAILABILITY => "InstanceAvailability".to_owned(),
            tag => keys::find(tag).map_or_else(|| tag.to_string(), |key| key.keyword.to_owned()),
        };
        if let Some(text) = identifier.text_of(element) {
            block.push_str(&format!("{name:<34} {text}\n"));
        }
    }
    say(format_args!("{block}\n"))
}

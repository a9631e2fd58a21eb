use dataset::{CharacterSet, Identifier};
use vocabulary::{AeTitle, Encoding, InformationModel, Level, Tag, Vr};

use crate::trial::{
    CT, INSTANCE_NUMBER, LEVEL, MODALITY, PATIENT_ID, PATIENT_NAME, SERIES_INSTANCE_UID, SOP_CLASS_UID,
    SOP_INSTANCE_UID, SPECIFIC_CHARACTER_SET, STUDY_DATE, STUDY_DESCRIPTION, STUDY_INSTANCE_UID,
    STUDY_INSTANCES, Trial, identifier, query, row_of, try_query,
};
use crate::{Encoder, Query, QueryRules};

const PATIENT_SEX: Tag = Tag(0x0010, 0x0040);
const ROWS: Tag = Tag(0x0028, 0x0010);
const IMAGE_TYPE: Tag = Tag(0x0008, 0x0008);
const REQUEST_ATTRIBUTES: Tag = Tag(0x0040, 0x0275);
const REQUESTED_PROCEDURE_ID: Tag = Tag(0x0040, 0x1001);
const REQUESTED_PROCEDURE_DESCRIPTION: Tag = Tag(0x0032, 0x1060);
const SCHEDULED_STEP_ID: Tag = Tag(0x0040, 0x0009);
const AVAILABLE_TRANSFER_SYNTAX: Tag = Tag(0x0008, 0x3002);

fn tags(response: &Identifier) -> Vec<Tag> {
    response.elements().iter().map(|element| element.tag).collect()
}

/// A query whose request is in a character set.
fn query_in(set: &str, keys: &[Tag]) -> Query {
    let mut request = Identifier::new();
    if !set.is_empty() {
        request.set(SPECIFIC_CHARACTER_SET, Vr::CS, set.as_bytes());
    }
    request.set(LEVEL, Vr::CS, b"STUDY");
    for key in keys {
        request.set(*key, dataset::vr_of(*key), b"");
    }
    Query::from_identifier(InformationModel::StudyRoot, &request, &QueryRules::STANDARD).unwrap()
}

#[test]
fn a_response_has_what_was_asked_for_in_ascending_order_and_empty_where_there_is_nothing() {
    let mut trial = Trial::new();
    trial.add(&[(STUDY_DATE, "20240102")]);
    let keys = [(STUDY_INSTANCES, ""), (PATIENT_NAME, "Doe*"), (STUDY_DATE, ""), (STUDY_DESCRIPTION, "")];
    let [response] = trial.responses(&query(Level::Study, &keys)).try_into().unwrap();
    assert!(tags(&response).is_sorted_by(|a, b| a < b));
    let text = |tag| response.text(tag).unwrap();
    assert_eq!(text(PATIENT_NAME), "Doe^Jane");
    assert_eq!(text(STUDY_DATE), "20240102");
    assert_eq!(text(STUDY_DESCRIPTION), "");
    assert_eq!(text(STUDY_INSTANCES), "1");
    assert_eq!(text(LEVEL), "STUDY");
    assert_eq!(text(Tag(0x0008, 0x0054)), "ARCHIVE");
    assert_eq!(text(Tag(0x0008, 0x0056)), "ONLINE");
    assert_eq!(text(STUDY_INSTANCE_UID), "1.2.3.1");
    assert!(!response.is_present(SPECIFIC_CHARACTER_SET), "the default repertoire is enough");
}

#[test]
fn sil_051_other_characters_come_in_the_set_of_the_request_or_in_utf_8() {
    let mut trial = Trial::new();
    trial.add(&[(PATIENT_NAME, "Müller^Jörg")]);
    for (asked, answered) in [("ISO_IR 100", "ISO_IR 100"), ("", "ISO_IR 192"), ("ISO_IR 192", "ISO_IR 192")]
    {
        let [response] = trial.responses(&query_in(asked, &[PATIENT_NAME])).try_into().unwrap();
        assert_eq!(response.text(SPECIFIC_CHARACTER_SET).unwrap(), answered, "{asked}");
        assert_eq!(response.text(PATIENT_NAME).unwrap(), "Müller^Jörg", "{asked}");
    }
    let mut trial = Trial::new();
    trial.add(&[(PATIENT_NAME, "Yamada^Tarou=山田^太郎")]);
    let [response] = trial.responses(&query_in("ISO_IR 100", &[PATIENT_NAME])).try_into().unwrap();
    assert_eq!(response.specific_character_set(), &CharacterSet::utf8());
    assert_eq!(response.text(PATIENT_NAME).unwrap(), "Yamada^Tarou=山田^太郎");
    let [response] = trial.responses(&query_in("ISO_IR 100", &[PATIENT_ID])).try_into().unwrap();
    assert!(!response.is_present(SPECIFIC_CHARACTER_SET));
}

#[test]
fn characters_that_no_set_allows_are_given_back_and_hide_no_other_match() {
    let mut trial = Trial::new();
    trial.add(&[(PATIENT_SEX, "\u{c4}\u{d0}")]);
    for set in ["", "ISO_IR 100", "ISO_IR 192"] {
        let responses = trial.responses(&query_in(set, &[PATIENT_SEX, STUDY_INSTANCE_UID]));
        assert_eq!(responses.len(), 1, "{set}");
        assert_eq!(responses[0].raw(PATIENT_SEX), Some(&[0xC4, 0xD0][..]), "{set}");
    }
}

/// An image with a request attributes sequence of two items.
fn with_requests() -> Trial {
    let mut data_set = identifier(&[
        (SOP_CLASS_UID, CT),
        (SOP_INSTANCE_UID, "1.2.3.1.1.1"),
        (STUDY_INSTANCE_UID, "1.2.3.1"),
        (SERIES_INSTANCE_UID, "1.2.3.1.1"),
        (IMAGE_TYPE, "ORIGINAL\\PRIMARY\\AXIAL"),
        (INSTANCE_NUMBER, "7"),
    ]);
    data_set.set(ROWS, Vr::US, &512_u16.to_le_bytes());
    let item = |id: &str, step: &str| {
        let mut item = Identifier::new();
        item.set(REQUESTED_PROCEDURE_DESCRIPTION, Vr::LO, "Schädel".as_bytes());
        item.set(SCHEDULED_STEP_ID, Vr::SH, step.as_bytes());
        item.set(REQUESTED_PROCEDURE_ID, Vr::SH, id.as_bytes());
        item
    };
    data_set.set_items(REQUEST_ATTRIBUTES, vec![item("R1", "S1"), item("R2", "S2")]);
    let mut trial = Trial::new();
    trial.keep(&row_of(&data_set), 1);
    trial
}

fn asking_items(items: &[&[(Tag, &str)]]) -> Query {
    let mut request = identifier(&[(LEVEL, "SERIES"), (STUDY_INSTANCE_UID, "1.2.3.1")]);
    let items = items.iter().map(|item| {
        let mut asked = Identifier::new();
        for (tag, text) in *item {
            asked.set(*tag, dataset::vr_of(*tag), text.as_bytes());
        }
        asked
    });
    request.set_items(REQUEST_ATTRIBUTES, items.collect());
    Query::from_identifier(InformationModel::StudyRoot, &request, &QueryRules::STANDARD).unwrap()
}

#[test]
fn sil_043_sequences_match_by_one_item_and_answer_what_was_asked_of_them() {
    let trial = with_requests();
    let count = |items: &[&[(Tag, &str)]]| trial.responses(&asking_items(items)).len();
    assert_eq!(count(&[&[(REQUESTED_PROCEDURE_ID, "R2")]]), 1);
    assert_eq!(count(&[&[(REQUESTED_PROCEDURE_ID, "R*"), (SCHEDULED_STEP_ID, "S1")]]), 1);
    assert_eq!(count(&[&[(REQUESTED_PROCEDURE_ID, "R2"), (SCHEDULED_STEP_ID, "S1")]]), 0, "not in one item");
    assert_eq!(count(&[&[(REQUESTED_PROCEDURE_ID, "R3")]]), 0);
    let asked = [(REQUESTED_PROCEDURE_ID, "R1"), (Tag(0x0040, 0x0008), "")];
    let [response] = trial.responses(&asking_items(&[&asked])).try_into().unwrap();
    let items = response.items(REQUEST_ATTRIBUTES).unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(tags(&items[0]), [Tag(0x0040, 0x0008), REQUESTED_PROCEDURE_ID]);
    assert_eq!(items[1].text(REQUESTED_PROCEDURE_ID).unwrap(), "R2");
}

#[test]
fn sil_028_an_empty_item_returns_the_whole_sequence_in_a_set_that_can_hold_it() {
    let trial = with_requests();
    for items in [&[][..], &[&[][..]]] {
        let [response] = trial.responses(&asking_items(items)).try_into().unwrap();
        let found = response.items(REQUEST_ATTRIBUTES).unwrap();
        assert_eq!(
            tags(&found[0]),
            [REQUESTED_PROCEDURE_DESCRIPTION, SCHEDULED_STEP_ID, REQUESTED_PROCEDURE_ID]
        );
        assert_eq!(found[0].text(REQUESTED_PROCEDURE_DESCRIPTION).unwrap(), "Schädel");
        assert!(response.is_present(SPECIFIC_CHARACTER_SET));
    }
}

#[test]
fn numbers_and_several_values_come_as_they_were_stored_in_every_encoding() {
    let trial = with_requests();
    let keys = [
        (SERIES_INSTANCE_UID, ""),
        (IMAGE_TYPE, "AXIAL"),
        (INSTANCE_NUMBER, "007"),
        (ROWS, ""),
        (AVAILABLE_TRANSFER_SYNTAX, ""),
    ];
    let query = query(Level::Image, &keys);
    for encoding in [
        Encoding::ImplicitLittleEndian,
        Encoding::ExplicitLittleEndian,
        Encoding::ExplicitBigEndian,
        Encoding::DeflatedExplicitLittleEndian,
    ] {
        let mut find = trial.catalog.find(&query).unwrap();
        let mut matches = find.matches().unwrap();
        let mut encoder = Encoder::new(&query, encoding, &AeTitle::parse("A").unwrap());
        let mut bytes = b"kept".to_vec();
        encoder.encode(&matches.next().unwrap().unwrap(), &mut bytes).unwrap();
        let response = Identifier::read(bytes.strip_prefix(b"kept").unwrap(), encoding).unwrap();
        assert_eq!(response.integer(ROWS), Some(512), "{encoding:?}");
        assert_eq!(response.texts(IMAGE_TYPE), ["ORIGINAL", "PRIMARY", "AXIAL"]);
        assert_eq!(response.text(INSTANCE_NUMBER).unwrap(), "7");
        let syntax = vocabulary::transfer_syntax::EXPLICIT_VR_LITTLE_ENDIAN;
        assert_eq!(response.text(AVAILABLE_TRANSFER_SYNTAX).unwrap(), syntax);
        assert!(matches.next().unwrap().is_none());
    }
}

#[test]
fn qr_024_a_response_under_annex_f_holds_only_what_was_asked_for() {
    let mut trial = Trial::new();
    trial.add(&[]);
    let keys = [(PATIENT_ID, "P1"), (STUDY_INSTANCE_UID, ""), (STUDY_DATE, "")];
    let query = try_query(InformationModel::StudyRoot, "STUDY", &keys, &QueryRules::ANNEX_F).unwrap();
    let [response] = trial.responses(&query).try_into().unwrap();
    assert_eq!(tags(&response), [STUDY_DATE, LEVEL, PATIENT_ID, STUDY_INSTANCE_UID]);
}

#[test]
fn keys_that_are_not_returned_have_no_text() {
    let mut trial = Trial::new();
    trial.add(&[]);
    let query = query(Level::Series, &[(MODALITY, "CT")]);
    let mut find = trial.catalog.find(&query).unwrap();
    let mut matches = find.matches().unwrap();
    let answer = matches.next().unwrap().unwrap();
    assert_eq!(answer.text(MODALITY).unwrap().as_deref(), Some("CT"));
    assert_eq!(answer.text(PATIENT_NAME).unwrap(), None);
}

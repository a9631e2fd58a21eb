use dataset::Identifier;
use vocabulary::{InformationModel, Level, Status, Tag, Vr};

use super::*;
use crate::keys::PRIVATE_CREATOR;
use crate::trial::{
    LEVEL, SERIES_INSTANCE_UID, SOP_INSTANCE_UID, STUDY_DESCRIPTION, STUDY_INSTANCE_UID, Trial, identifier,
    location, query, row,
};
use crate::{Query, QueryRules};

const SERIES_DESCRIPTION: Tag = Tag(0x0008, 0x103E);
const BODY_PART_EXAMINED: Tag = Tag(0x0018, 0x0015);

fn listed() -> ExamTypes {
    ExamTypes::new(["Chest", "Cardiac MR", "ÖDEM", "LEG"].map(str::to_owned))
}

fn exam_type(elements: &[(Tag, &str)]) -> String {
    row(elements).with_exam_type(&listed()).value(EXAM_TYPE.tag).to_owned()
}

/// A request for series with an exam type, in the block `block`.
fn asked(block: u16, creator: &str, value: &str, rules: &QueryRules) -> Query {
    let mut request = identifier(&[(STUDY_INSTANCE_UID, "1.2.3.1"), (SERIES_INSTANCE_UID, "")]);
    request.set(LEVEL, Vr::CS, b"SERIES");
    request.set(Tag(0x0009, block), Vr::LO, creator.as_bytes());
    // As it is read where no VR is said.
    request.set(in_block(block), Vr::UN, value.as_bytes());
    Query::from_identifier(InformationModel::StudyRoot, &request, rules).unwrap()
}

fn in_block(block: u16) -> Tag {
    Tag(0x0009, (block << 8) | 0x01)
}

/// Two series: one of the chest, one of none.
fn trial() -> Trial {
    let mut trial = Trial::new();
    let chest = row(&[(SERIES_DESCRIPTION, "CHEST")]).with_exam_type(&listed());
    let other = row(&[(SOP_INSTANCE_UID, "1.2.3.1.2.1"), (SERIES_INSTANCE_UID, "1.2.3.1.2")]);
    trial.keep(&chest, 1);
    trial.keep(&other.with_exam_type(&listed()), 2);
    trial
}

fn exam_types_of(trial: &Trial, query: &Query, tag: Tag) -> Vec<Vec<String>> {
    trial.answers(query, &[SERIES_INSTANCE_UID, tag])
}

#[test]
fn iod_009_the_study_description_is_taken_if_it_matches_an_entry() {
    assert_eq!(exam_type(&[(STUDY_DESCRIPTION, " cardiac mr ")]), "Cardiac MR");
    assert_eq!(exam_type(&[(STUDY_DESCRIPTION, "Ödem")]), "ÖDEM");
    assert_eq!(exam_type(&[(STUDY_DESCRIPTION, "Cardiac")]), "", "a part of an entry is none");
    assert_eq!(exam_type(&[]), "");
}

#[test]
fn iod_011_the_series_description_is_taken_if_it_matches_an_entry() {
    assert_eq!(exam_type(&[(SERIES_DESCRIPTION, "leg")]), "LEG");
    assert_eq!(exam_type(&[(SERIES_DESCRIPTION, "legs")]), "");
}

#[test]
fn iod_013_the_body_part_is_taken_if_it_matches_an_entry() {
    assert_eq!(exam_type(&[(BODY_PART_EXAMINED, "CHEST")]), "Chest");
    assert_eq!(exam_type(&[(BODY_PART_EXAMINED, "HEAD")]), "");
}

#[test]
fn iod_014_the_third_value_of_image_type_is_taken_if_it_matches_an_entry() {
    assert_eq!(exam_type(&[(IMAGE_TYPE, "ORIGINAL\\PRIMARY\\LEG")]), "LEG");
    assert_eq!(exam_type(&[(IMAGE_TYPE, "ORIGINAL\\PRIMARY\\LEG \\0001")]), "LEG");
    for other in ["LEG\\PRIMARY\\AXIAL", "ORIGINAL\\LEG", "ORIGINAL\\PRIMARY\\AXIAL\\LEG"] {
        assert_eq!(exam_type(&[(IMAGE_TYPE, other)]), "", "{other}");
    }
}

#[test]
fn where_several_match_the_first_attribute_counts() {
    let all = [
        (IMAGE_TYPE, "ORIGINAL\\PRIMARY\\LEG"),
        (BODY_PART_EXAMINED, "CHEST"),
        (SERIES_DESCRIPTION, "Cardiac MR"),
        (STUDY_DESCRIPTION, "Ödem"),
    ];
    for (count, expected) in [(1, "LEG"), (2, "Chest"), (3, "Cardiac MR"), (4, "ÖDEM")] {
        assert_eq!(exam_type(&all[..count]), expected);
    }
}

#[test]
fn a_data_set_cannot_say_its_exam_type() {
    let says = row(&[(EXAM_TYPE.tag, "LEG")]);
    assert_eq!(says.with_exam_type(&listed()).value(EXAM_TYPE.tag), "");
    let empty = ExamTypes::default();
    assert_eq!(row(&[(STUDY_DESCRIPTION, "LEG")]).with_exam_type(&empty).value(EXAM_TYPE.tag), "");
}

#[test]
fn the_first_instance_of_a_series_that_matches_decides() {
    let mut trial = Trial::new();
    for (number, description) in (1..).zip(["AXIAL", "LEG", "CHEST"]) {
        let uid = format!("1.2.3.1.1.{number}");
        let image_type = format!("ORIGINAL\\PRIMARY\\{description}");
        let row = row(&[(SOP_INSTANCE_UID, &uid), (IMAGE_TYPE, &image_type)]);
        trial.keep(&row.with_exam_type(&listed()), number);
    }
    let query = query(Level::Series, &[(SERIES_INSTANCE_UID, "")]);
    assert_eq!(trial.answers(&query, &[SERIES_INSTANCE_UID]).len(), 1);
    let asked = asked(0x10, PRIVATE_CREATOR, "", &QueryRules::STANDARD);
    assert_eq!(exam_types_of(&trial, &asked, in_block(0x10)), [["1.2.3.1.1", "LEG"]]);
}

#[test]
fn who_reserves_a_block_for_us_gets_and_matches_the_exam_type_under_both_sets_of_rules() {
    let trial = trial();
    for rules in [QueryRules::STANDARD, QueryRules::ANNEX_F] {
        for block in [0x10, 0x42, 0xFF] {
            let tag = in_block(block);
            let all = asked(block, PRIVATE_CREATOR, "", &rules);
            assert_eq!(
                exam_types_of(&trial, &all, tag),
                [["1.2.3.1.1", "Chest"], ["1.2.3.1.2", ""]],
                "{block:#x} {rules:?}"
            );
            assert_eq!(all.pending_status(), Status::PENDING);
            for matching in ["Chest", "Ch*", "*es*"] {
                let some = asked(block, PRIVATE_CREATOR, matching, &rules);
                assert_eq!(exam_types_of(&trial, &some, tag), [["1.2.3.1.1", "Chest"]], "{matching}");
            }
            assert_eq!(trial.answers(&asked(block, PRIVATE_CREATOR, "LEG", &rules), &[tag]).len(), 0);
        }
    }
}

#[test]
fn the_response_reserves_the_block_that_the_request_reserves() {
    let responses = trial().responses(&asked(0x42, PRIVATE_CREATOR, "Chest", &QueryRules::STANDARD));
    let [response] = responses.as_slice() else { panic!("{responses:?}") };
    assert_eq!(response.text(Tag(0x0009, 0x0042)).as_deref(), Some(PRIVATE_CREATOR));
    assert_eq!(response.raw(in_block(0x42)), Some(b"Chest ".as_slice()));
}

#[test]
fn sil_044_private_elements_of_others_are_left_out() {
    let trial = trial();
    for (creator, rules) in [("ACME", QueryRules::STANDARD), ("", QueryRules::ANNEX_F)] {
        let query = asked(0x10, creator, "LEG", &rules);
        assert_eq!(trial.answers(&query, &[SERIES_INSTANCE_UID]).len(), 2, "it is not matched");
        assert_eq!(query.pending_status(), Status::PENDING);
        let responses = trial.responses(&query);
        assert!(responses.iter().all(|response| !has_private(response)), "{responses:?}");
    }
}

fn has_private(response: &Identifier) -> bool {
    response.elements().iter().any(|element| element.tag.is_private())
}

#[test]
fn a_catalog_that_is_filled_has_exam_types_too() {
    let mut trial = trial();
    let chest = row(&[(SERIES_DESCRIPTION, "CHEST")]).with_exam_type(&listed());
    trial.fill(&[(chest, location(1))]);
    let asked = asked(0x10, PRIVATE_CREATOR, "Chest", &QueryRules::STANDARD);
    assert_eq!(exam_types_of(&trial, &asked, in_block(0x10)), [["1.2.3.1.1", "Chest"]]);
}

use vocabulary::{InformationModel, Level, Status, Tag, Vr};

use super::{Query, QueryRefused};
use crate::matching::Unfit;
use crate::rules::{Lenience, QueryRules, SeveralValues, UpperKeys};
use crate::trial::{
    ACCESSION_NUMBER, BIRTH_DATE, LEVEL, MODALITIES_IN_STUDY, MODALITY, PATIENT_ID, PATIENT_NAME,
    SERIES_INSTANCE_UID, SEX, SOP_INSTANCE_UID, STUDY_DATE, STUDY_INSTANCE_UID, STUDY_INSTANCES, STUDY_TIME,
    identifier, try_query,
};

use InformationModel::{PatientRoot, PatientStudyOnly, StudyRoot};

const INSTITUTION_NAME: Tag = Tag(0x0008, 0x0080);
const OPERATORS_NAME: Tag = Tag(0x0008, 0x1070);

fn standard(model: InformationModel, level: &str, keys: &[(Tag, &str)]) -> Result<Query, QueryRefused> {
    try_query(model, level, keys, &QueryRules::STANDARD)
}

fn annex_f(model: InformationModel, level: &str, keys: &[(Tag, &str)]) -> Result<Query, QueryRefused> {
    try_query(model, level, keys, &QueryRules::ANNEX_F)
}

fn refusal(result: Result<Query, QueryRefused>) -> (Status, Tag) {
    let refused = result.unwrap_err();
    assert!(!refused.comment.is_empty() && refused.comment.chars().count() <= 64, "{refused}");
    (refused.status, refused.offending[0])
}

const A900: Status = Status::DATA_SET_DOES_NOT_MATCH_SOP_CLASS;
const C001: Status = Status::UNABLE_TO_PROCESS;

fn returned(query: &Query) -> Vec<Tag> {
    query.returned_keys().collect()
}

#[test]
fn sil_039_levels_that_the_model_has_not_are_refused() {
    for (model, level) in [
        (StudyRoot, "PATIENT"),
        (PatientStudyOnly, "SERIES"),
        (PatientRoot, "study"),
        (PatientRoot, "FRAME"),
        (PatientRoot, ""),
    ] {
        assert_eq!(refusal(standard(model, level, &[])), (A900, LEVEL), "{model:?} {level}");
    }
    let refused = Query::from_identifier(StudyRoot, &identifier(&[]), &QueryRules::STANDARD);
    assert_eq!(refusal(refused), (A900, LEVEL));
    for (model, level) in [(PatientRoot, "PATIENT"), (StudyRoot, "IMAGE"), (PatientStudyOnly, "STUDY")] {
        assert!(standard(model, level, &[]).is_ok());
    }
}

#[test]
fn sil_036_unique_keys_above_the_level_by_rule() {
    let strict = QueryRules {
        upper_unique_key_missing: Lenience::Refused,
        upper_unique_key_not_single: Lenience::Refused,
        ..QueryRules::STANDARD
    };
    let keys = [(SERIES_INSTANCE_UID, "")];
    assert!(standard(StudyRoot, "SERIES", &keys).is_ok());
    assert_eq!(refusal(try_query(StudyRoot, "SERIES", &keys, &strict)), (A900, STUDY_INSTANCE_UID));
    let listed = [(STUDY_INSTANCE_UID, "1.2\\1.3"), (SERIES_INSTANCE_UID, "")];
    assert!(standard(StudyRoot, "SERIES", &listed).is_ok());
    assert_eq!(refusal(try_query(StudyRoot, "SERIES", &listed, &strict)), (A900, STUDY_INSTANCE_UID));
    let wild = [(PATIENT_ID, "P*"), (STUDY_INSTANCE_UID, "")];
    assert_eq!(refusal(try_query(PatientRoot, "STUDY", &wild, &strict)), (A900, PATIENT_ID));
    let single = [(PATIENT_ID, "P1"), (STUDY_INSTANCE_UID, "1.2"), (SERIES_INSTANCE_UID, "1.3\\1.4")];
    assert!(try_query(PatientRoot, "SERIES", &single, &strict).is_ok());
}

#[test]
fn sil_036_other_keys_above_the_level_by_rule() {
    let keys = [(STUDY_INSTANCE_UID, "1.2"), (SERIES_INSTANCE_UID, ""), (PATIENT_NAME, "Doe*")];
    let matched = standard(StudyRoot, "SERIES", &keys).unwrap();
    assert_eq!((matched.criteria.len(), matched.unsupported_keys()), (2, &[][..]));
    let with = |upper_keys| {
        try_query(StudyRoot, "SERIES", &keys, &QueryRules { upper_keys, ..QueryRules::STANDARD })
    };
    let ignored = with(UpperKeys::Ignored).unwrap();
    assert_eq!((ignored.criteria.len(), ignored.unsupported_keys()), (1, &[PATIENT_NAME][..]));
    assert!(!returned(&ignored).contains(&PATIENT_NAME));
    assert_eq!(refusal(with(UpperKeys::Refused)), (A900, PATIENT_NAME));
}

#[test]
fn sil_037_keys_below_the_level_are_ignored_and_reported() {
    let query = standard(StudyRoot, "STUDY", &[(MODALITY, "CT"), (STUDY_DATE, "")]).unwrap();
    assert!(query.criteria.is_empty());
    assert_eq!(query.unsupported_keys(), [MODALITY]);
    assert_eq!(query.pending_status(), Status::PENDING_WITH_UNSUPPORTED_KEYS);
    assert!(!returned(&query).contains(&MODALITY));
}

#[test]
fn sil_038_the_unique_key_of_the_level_may_be_absent_by_rule() {
    let strict = QueryRules { unique_key_missing: Lenience::Refused, ..QueryRules::STANDARD };
    assert!(returned(&standard(StudyRoot, "STUDY", &[]).unwrap()).contains(&STUDY_INSTANCE_UID));
    assert_eq!(refusal(try_query(StudyRoot, "STUDY", &[], &strict)), (A900, STUDY_INSTANCE_UID));
    assert!(try_query(StudyRoot, "STUDY", &[(STUDY_INSTANCE_UID, "")], &strict).is_ok());
}

#[test]
fn qr_074_values_that_are_none_are_refused_and_named() {
    for (tag, value) in [
        (STUDY_DATE, "20241301"),
        (STUDY_DATE, "20240131-20240101"),
        (STUDY_DATE, "-"),
        (STUDY_TIME, "2500"),
        (STUDY_INSTANCE_UID, "1.2.*"),
        (PATIENT_NAME, &"a*".repeat(1000)),
    ] {
        assert_eq!(refusal(standard(StudyRoot, "STUDY", &[(tag, value)])), (A900, tag), "{value}");
    }
}

#[test]
fn sil_044_unknown_keys_are_reported_and_private_ones_are_not() {
    let keys = [(Tag(0x0009, 0x1001), "x"), (Tag(0x0018, 0x0050), "1"), (Tag(0x0008, 0x0000), "")];
    let query = standard(StudyRoot, "STUDY", &keys).unwrap();
    assert_eq!(query.unsupported_keys(), [Tag(0x0018, 0x0050)]);
}

#[test]
fn qr_077_keys_that_are_all_known_leave_the_status_alone() {
    let keys = [(PATIENT_NAME, "D*"), (MODALITIES_IN_STUDY, "CT"), (STUDY_INSTANCES, "")];
    assert_eq!(standard(StudyRoot, "STUDY", &keys).unwrap().pending_status(), Status::PENDING);
}

/// shows: SIL-045
#[test]
fn dif_019_a_key_that_is_returned_but_not_matched_is_reported_if_it_asks_for_something() {
    let query = standard(StudyRoot, "STUDY", &[(STUDY_INSTANCES, "5")]).unwrap();
    assert_eq!(query.unsupported_keys(), [STUDY_INSTANCES]);
    let keys = [(STUDY_INSTANCE_UID, "1.2"), (SERIES_INSTANCE_UID, "1.3"), (OPERATORS_NAME, "Roe")];
    let query = annex_f(StudyRoot, "SERIES", &keys).unwrap();
    assert_eq!(query.pending_status(), Status::PENDING, "to the letter of annex F it is supported");
    assert!(returned(&query).contains(&OPERATORS_NAME));
}

#[test]
fn dif_018_every_response_holds_the_unique_keys_above_and_where_it_can_be_had() {
    let keys = [(PATIENT_ID, "P1"), (STUDY_INSTANCE_UID, "1.2"), (SERIES_INSTANCE_UID, "")];
    let standard = standard(PatientRoot, "SERIES", &keys).unwrap();
    let expected = [
        super::QUERY_RETRIEVE_LEVEL,
        super::RETRIEVE_AE_TITLE,
        super::INSTANCE_AVAILABILITY,
        PATIENT_ID,
        STUDY_INSTANCE_UID,
        SERIES_INSTANCE_UID,
    ];
    assert_eq!(returned(&standard), expected);
}

#[test]
fn qr_024_nothing_is_returned_that_was_not_asked_for() {
    let keys = [(PATIENT_ID, "P1"), (STUDY_INSTANCE_UID, ""), (STUDY_DATE, "")];
    let query = annex_f(StudyRoot, "STUDY", &keys).unwrap();
    assert_eq!(returned(&query), [STUDY_DATE, super::QUERY_RETRIEVE_LEVEL, PATIENT_ID, STUDY_INSTANCE_UID]);
}

#[test]
fn qr_028_a_patient_query_with_neither_name_nor_id_is_refused() {
    for keys in [&[][..], &[(PATIENT_ID, ""), (PATIENT_NAME, "")], &[(PATIENT_NAME, "*")], &[(SEX, "F")]] {
        assert_eq!(refusal(annex_f(PatientRoot, "PATIENT", keys)), (C001, PATIENT_ID), "qr_027");
        assert!(standard(PatientRoot, "PATIENT", keys).is_ok());
    }
    assert!(annex_f(PatientRoot, "PATIENT", &[(PATIENT_ID, "P*")]).is_ok());
    assert!(annex_f(PatientRoot, "PATIENT", &[(PATIENT_NAME, "D*"), (PATIENT_ID, "")]).is_ok());
}

#[test]
fn qr_030_a_study_query_says_something_of_the_study_or_the_patient() {
    for keys in [&[][..], &[(STUDY_DATE, ""), (PATIENT_ID, "")], &[(SEX, "F")]] {
        assert_eq!(refusal(annex_f(StudyRoot, "STUDY", keys)), (C001, PATIENT_ID));
        assert!(standard(StudyRoot, "STUDY", keys).is_ok());
    }
    for keys in
        [&[(STUDY_DATE, "20240101-")][..], &[(STUDY_INSTANCE_UID, "1.2\\1.3")], &[(PATIENT_NAME, "D*")]]
    {
        assert!(annex_f(StudyRoot, "STUDY", keys).is_ok());
    }
}

#[test]
fn dif_017_matching_that_annex_f_does_not_offer_is_refused_under_it_only() {
    let patient = (PATIENT_ID, "P1");
    for (level, keys, offending) in [
        ("STUDY", vec![patient, (SEX, "?")], SEX),
        ("STUDY", vec![patient, (BIRTH_DATE, "1960-1970")], BIRTH_DATE),
        ("STUDY", vec![patient, (BIRTH_DATE, "19600101-19700101")], BIRTH_DATE),
        ("STUDY", vec![patient, (STUDY_TIME, "2230")], STUDY_TIME),
        ("SERIES", vec![(STUDY_INSTANCE_UID, "1.2"), (MODALITY, "C*")], MODALITY),
    ] {
        let (status, tag) = refusal(annex_f(StudyRoot, level, &keys));
        assert_eq!((status, tag), (C001, offending));
    }
    assert!(standard(StudyRoot, "STUDY", &[(BIRTH_DATE, "19600101-19700101"), (SEX, "?")]).is_ok());
    assert!(standard(StudyRoot, "STUDY", &[(STUDY_TIME, "2230")]).is_ok(), "dif_015");
}

#[test]
fn qr_078_keys_outside_the_table_are_unsupported_under_annex_f() {
    let query = annex_f(StudyRoot, "STUDY", &[(PATIENT_ID, "P1"), (MODALITIES_IN_STUDY, "CT")]).unwrap();
    assert_eq!(query.unsupported_keys(), [MODALITIES_IN_STUDY]);
    assert_eq!(query.pending_status(), Status::PENDING_WITH_UNSUPPORTED_KEYS);
}

#[test]
fn sil_041_several_values_are_refused_where_the_rules_say_so() {
    let rules = QueryRules { several_values: SeveralValues::Refused, ..QueryRules::STANDARD };
    let keys = [(ACCESSION_NUMBER, "A1\\A2")];
    assert!(standard(StudyRoot, "STUDY", &keys).is_ok());
    assert_eq!(refusal(try_query(StudyRoot, "STUDY", &keys, &rules)), (A900, ACCESSION_NUMBER));
    let uids = [(STUDY_INSTANCE_UID, "1.2\\1.3")];
    assert!(try_query(StudyRoot, "STUDY", &uids, &rules).is_ok());
}

#[test]
fn sil_051_the_request_is_read_in_its_own_character_set() {
    let mut request = dataset::Identifier::new();
    request.set(crate::trial::SPECIFIC_CHARACTER_SET, Vr::CS, b"ISO_IR 100");
    request.set(LEVEL, Vr::CS, b"STUDY");
    request.set(PATIENT_NAME, Vr::PN, b"M\xFCller*");
    let query = Query::from_identifier(StudyRoot, &request, &QueryRules::STANDARD).unwrap();
    let super::Test::Value(matching) = &query.criteria[0].test else { panic!("a value") };
    assert!(matching.matches("Müller^Jörg", false));
    assert_eq!(query.character_set().value(), "ISO_IR 100");
}

#[test]
fn no_error_comment_loses_its_end() {
    for unfit in [Unfit::Date, Unfit::Time, Unfit::DateTime, Unfit::Reversed, Unfit::EmptyRange]
        .into_iter()
        .chain([Unfit::WildCardInUid, Unfit::SeveralValues, Unfit::TooLong])
        .chain([Unfit::NotOffered("matching by a single value")])
    {
        let refused = super::items::refusal(STUDY_INSTANCE_UID, unfit);
        assert!(refused.comment.ends_with(&unfit.to_string()), "{refused}");
    }
}

#[test]
fn keys_of_series_are_asked_for_at_their_level() {
    let keys = [(SERIES_INSTANCE_UID, "1.3"), (SOP_INSTANCE_UID, ""), (INSTITUTION_NAME, "St*")];
    let query = standard(StudyRoot, "IMAGE", &keys).unwrap();
    assert_eq!(query.level(), Level::Image);
    assert_eq!(query.criteria.len(), 2);
}

#[test]
fn sil_006_the_time_zone_of_a_request_is_no_key_at_any_level() {
    const TIMEZONE_OFFSET_FROM_UTC: Tag = Tag(0x0008, 0x0201);
    for level in ["STUDY", "SERIES", "IMAGE"] {
        let query = standard(StudyRoot, level, &[(TIMEZONE_OFFSET_FROM_UTC, "+0100")]).unwrap();
        assert!(query.criteria.is_empty(), "{level}");
        assert_eq!((query.unsupported_keys(), query.pending_status()), (&[][..], Status::PENDING), "{level}");
        assert!(!returned(&query).contains(&TIMEZONE_OFFSET_FROM_UTC), "{level}");
    }
}

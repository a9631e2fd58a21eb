//! The identifier of a C-FIND request to a query (PS3.4 C.4.1).

use dataset::Identifier;
use dataset::identifier::{Content, DataElement};
use vocabulary::{InformationModel, Level, Tag, Vr};

use super::items::{self, ItemsTest};
use super::{
    Criterion, INSTANCE_AVAILABILITY, QUERY_RETRIEVE_LEVEL, Query, QueryRefused, RETRIEVE_AE_TITLE, Returned,
    SPECIFIC_CHARACTER_SET, TIMEZONE_OFFSET_FROM_UTC, Test, What, level_of,
};
use crate::keys::{self, Key, KeyType, Matched};
use crate::matching::{Matching, Ways};
use crate::rules::{Lenience, Letters, Offered, QueryRules, UpperKeys};

pub(super) fn query(
    model: InformationModel,
    identifier: &Identifier,
    rules: &QueryRules,
) -> Result<Query, QueryRefused> {
    let level = level_of(model, identifier)?;
    let mut query = Query {
        model,
        level,
        criteria: Vec::new(),
        returned: Vec::new(),
        unsupported: Vec::new(),
        character_set: identifier.specific_character_set().clone(),
        empty_matches: rules.empty_matches,
    };
    for element in identifier.elements() {
        read_element(&mut query, identifier, element, rules)?;
    }
    check_unique_keys(&mut query, identifier, rules)?;
    if rules.guarded {
        guard(&query)?;
    }
    if rules.unasked_attributes {
        for tag in [RETRIEVE_AE_TITLE, INSTANCE_AVAILABILITY] {
            answer_special(&mut query, tag);
        }
    }
    answer_special(&mut query, QUERY_RETRIEVE_LEVEL);
    query.returned.sort_by_key(|returned| returned.tag);
    query.returned.dedup_by_key(|returned| returned.tag);
    Ok(query)
}

/// The ways in which the rules offer a key; `None`: they do not.
fn ways(key: &Key, rules: &QueryRules) -> Option<Ways> {
    let letters = rules.letters(key.tag)?;
    Some(Ways {
        letters,
        wild_card_in_any_vr: letters.wild_card && rules.offered != Offered::Everything,
        several_values: rules.several_values,
    })
}

fn read_element(
    query: &mut Query,
    identifier: &Identifier,
    element: &DataElement,
    rules: &QueryRules,
) -> Result<(), QueryRefused> {
    let tag = element.tag;
    let is_special = matches!(tag, RETRIEVE_AE_TITLE | INSTANCE_AVAILABILITY);
    if tag.element() == 0
        || matches!(tag, SPECIFIC_CHARACTER_SET | QUERY_RETRIEVE_LEVEL | TIMEZONE_OFFSET_FROM_UTC)
        || (is_special && rules.unasked_attributes)
    {
        return Ok(());
    }
    let known = if tag.is_private() { private_key(identifier, tag) } else { keys::find(tag) };
    let offered = known.and_then(|key| Some((key, ways(key, rules)?)));
    let Some((key, ways)) = offered else {
        if tag.is_private() {
            return Ok(());
        }
        if is_special && rules.offered == Offered::Everything {
            answer_special(query, tag);
        } else {
            query.unsupported.push(tag);
        }
        return Ok(());
    };
    let key_level = key.level_in(query.model);
    if key_level > query.level {
        query.unsupported.push(tag);
        return Ok(());
    }
    if key_level < query.level && key.key_type_in(query.model) != KeyType::Unique {
        match rules.upper_keys {
            UpperKeys::Matched => {}
            UpperKeys::Ignored => {
                query.unsupported.push(tag);
                return Ok(());
            }
            UpperKeys::Refused => {
                return Err(QueryRefused::unfit(
                    tag,
                    &format!("{tag} does not belong to level {}", query.level),
                ));
            }
        }
    }
    if let Some(creator) = keys::private_creator_of(tag) {
        query.returned.push(Returned { tag: creator, vr: Vr::LO, what: What::PrivateCreator });
        // Implicit VR does not say it.
        let element = DataElement { vr: key.vr, ..element.clone() };
        return read_key(query, identifier, &element, key, ways, rules);
    }
    read_key(query, identifier, element, key, ways, rules)
}

/// The private key that an element of a request is, if the request reserves its block for us (PS3.5 7.8.1).
fn private_key(identifier: &Identifier, tag: Tag) -> Option<&'static Key> {
    let creator = identifier.text(keys::private_creator_of(tag)?)?;
    keys::find_private(tag).filter(|_| creator == keys::PRIVATE_CREATOR)
}

fn read_key(
    query: &mut Query,
    identifier: &Identifier,
    element: &DataElement,
    key: &'static Key,
    ways: Ways,
    rules: &QueryRules,
) -> Result<(), QueryRefused> {
    let is_never_matched = key.matched() == Matched::Never || ways.letters == Letters::NONE;
    let (test, what) = match (&element.content, key.vr) {
        (Content::Items(items), Vr::SQ) => {
            let (test, shape) = ItemsTest::read(items, ways)?;
            (test.map(Test::Items), What::Items(key, shape))
        }
        _ if is_never_matched || key.vr == Vr::SQ => (None, What::Key(key)),
        _ => {
            let text = items::text_of(identifier, element);
            let matching =
                Matching::read(key.vr, &text, ways).map_err(|unfit| items::refusal(key.tag, unfit))?;
            ((!matching.is_universal()).then_some(Test::Value(matching)), What::Key(key))
        }
    };
    let asks = if is_never_matched && key.vr != Vr::SQ { !element.is_empty() } else { test.is_some() };
    if asks && is_never_matched {
        if rules.unmatched_reported {
            query.unsupported.push(key.tag);
        }
    } else if let Some(test) = test {
        query.criteria.push(Criterion { key, test });
    }
    query.returned.push(Returned { tag: element.tag, vr: key.vr, what });
    Ok(())
}

/// Holds the unique keys against PS3.4 C.4.1.2.1: one value in each above the level, that of the level present.
fn check_unique_keys(
    query: &mut Query,
    identifier: &Identifier,
    rules: &QueryRules,
) -> Result<(), QueryRefused> {
    for level in query.model.levels().iter().copied().filter(|level| *level <= query.level) {
        let key = keys::unique(level);
        let is_own = level == query.level;
        if is_own {
            if !identifier.is_present(key.tag) && rules.unique_key_missing == Lenience::Refused {
                return Err(QueryRefused::unfit(key.tag, &format!("{} is missing", key.keyword)));
            }
        } else {
            match query.criteria.iter().find(|criterion| criterion.key == key).map(|found| &found.test) {
                None if rules.upper_unique_key_missing == Lenience::Refused => {
                    return Err(QueryRefused::unfit(key.tag, &format!("{} has no value", key.keyword)));
                }
                Some(Test::Value(matching))
                    if rules.upper_unique_key_not_single == Lenience::Refused && !is_single(matching) =>
                {
                    return Err(QueryRefused::unfit(
                        key.tag,
                        &format!("{} has more than one value", key.keyword),
                    ));
                }
                _ => {}
            }
        }
        let is_asked = query.returned.iter().any(|returned| returned.tag == key.tag);
        if !is_asked && rules.unasked_attributes {
            query.returned.push(Returned { tag: key.tag, vr: key.vr, what: What::Key(key) });
        }
    }
    Ok(())
}

fn is_single(matching: &Matching) -> bool {
    match matching {
        Matching::Uids(uids) => uids.len() == 1,
        Matching::Text(patterns) => matches!(patterns.as_slice(), [one] if one.0.as_literal().is_some()),
        _ => true,
    }
}

/// QR-027, QR-028, QR-030: a query at the topmost level must say something of the patient, or under study root of
/// the study.
fn guard(query: &Query) -> Result<(), QueryRefused> {
    let patient_keys = [Tag(0x0010, 0x0010), Tag(0x0010, 0x0020)];
    let says = |tag: Tag| query.criteria.iter().any(|criterion| criterion.key.tag == tag);
    let says_of_patient = patient_keys.into_iter().any(says);
    let says_of_study = query.criteria.iter().any(|criterion| criterion.key.level == Level::Study);
    let (is_enough, comment) = match (query.model, query.level) {
        (InformationModel::StudyRoot, Level::Study) => {
            (says_of_patient || says_of_study, "no study attribute, name or Patient ID has a value")
        }
        (InformationModel::PatientRoot | InformationModel::PatientStudyOnly, Level::Patient) => {
            (says_of_patient, "neither Patient's Name nor Patient ID has a value")
        }
        _ => (true, ""),
    };
    if is_enough { Ok(()) } else { Err(QueryRefused::unable(keys::unique(Level::Patient).tag, comment)) }
}

fn answer_special(query: &mut Query, tag: Tag) {
    let (vr, what) = match tag {
        RETRIEVE_AE_TITLE => (Vr::AE, What::RetrieveAeTitle),
        INSTANCE_AVAILABILITY => (Vr::CS, What::InstanceAvailability),
        _ => (Vr::CS, What::QueryRetrieveLevel),
    };
    query.returned.push(Returned { tag, vr, what });
}

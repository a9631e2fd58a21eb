//! Sequences as keys (PS3.4 C.2.2.2.6): one item in the request, attribute by attribute.

use dataset::Identifier;
use dataset::identifier::{Content, DataElement};
use vocabulary::{Tag, Vr};

use crate::QueryRefused;
use crate::matching::{Matching, Unfit, Ways};

/// What an item must fulfil.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ItemsTest {
    values: Vec<(Tag, Matching)>,
    sequences: Vec<(Tag, ItemsTest)>,
}

/// Which attributes of an item are answered; `None`: all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ItemShape(Option<Vec<(Tag, ItemShape)>>);

impl ItemsTest {
    /// Takes what the item of a request asks, and what of it is answered. No item, or an empty one, asks nothing and is
    /// answered with everything.
    pub(super) fn read(items: &[Identifier], ways: Ways) -> Result<(Option<Self>, ItemShape), QueryRefused> {
        let Some(item) = items.first().filter(|item| !item.elements().is_empty()) else {
            return Ok((None, ItemShape(None)));
        };
        let mut test = Self { values: Vec::new(), sequences: Vec::new() };
        let mut shape = Vec::new();
        for element in item.elements() {
            if element.tag.is_private() || element.tag == super::SPECIFIC_CHARACTER_SET {
                continue;
            }
            match &element.content {
                Content::Items(inner) => {
                    let (inner_test, inner_shape) = Self::read(inner, ways)?;
                    test.sequences.extend(inner_test.map(|inner_test| (element.tag, inner_test)));
                    shape.push((element.tag, inner_shape));
                }
                Content::Value(_) => {
                    let text = text_of(item, element);
                    let matching = Matching::read(element.vr, &text, ways)
                        .map_err(|unfit| refusal(element.tag, unfit))?;
                    if !matching.is_universal() {
                        test.values.push((element.tag, matching));
                    }
                    shape.push((element.tag, ItemShape(None)));
                }
            }
        }
        let asks = !test.values.is_empty() || !test.sequences.is_empty();
        Ok((asks.then_some(test), ItemShape(Some(shape))))
    }

    /// Whether one of the stored items fulfils all of it.
    pub(crate) fn matches(&self, stored: &[Identifier]) -> bool {
        stored.iter().any(|item| {
            self.values.iter().all(|(tag, matching)| {
                item.get(*tag).is_some_and(|element| {
                    let multiple = !matches!(element.vr, Vr::LT | Vr::ST | Vr::UT);
                    matching.matches(&text_of(item, element), multiple)
                })
            }) && self
                .sequences
                .iter()
                .all(|(tag, inner)| item.items(*tag).is_some_and(|items| inner.matches(items)))
        })
    }
}

impl ItemShape {
    /// The item with the attributes that are answered: those asked for that it lacks are empty.
    pub(crate) fn of(&self, item: &Identifier) -> Identifier {
        let Some(wanted) = &self.0 else { return item.clone() };
        let mut shaped = Identifier::new();
        for (tag, inner) in wanted {
            match item.get(*tag).map(|element| (&element.content, element.vr)) {
                Some((Content::Items(items), _)) => {
                    shaped.set_items(*tag, items.iter().map(|item| inner.of(item)).collect());
                }
                Some((Content::Value(value), vr)) => shaped.set(*tag, vr, value),
                None => shaped.set(*tag, dataset::vr_of(*tag), &[]),
            }
        }
        shaped
    }
}

/// The text of a value, of a binary number in decimal.
pub(super) fn text_of(data_set: &Identifier, element: &DataElement) -> String {
    if element.vr.is_text() {
        return data_set.text_of(element).unwrap_or_default();
    }
    if element.is_empty() {
        return String::new();
    }
    data_set.integer(element.tag).map(|number| number.to_string()).unwrap_or_default()
}

pub(super) fn refusal(tag: Tag, unfit: Unfit) -> QueryRefused {
    let comment = format!("{tag} {unfit}");
    if unfit.is_not_offered() {
        QueryRefused::unable(tag, &comment)
    } else {
        QueryRefused::unfit(tag, &comment)
    }
}

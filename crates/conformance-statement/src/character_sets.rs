//! Character sets.

use dataset::character_set::{Supported, supported};

use crate::document::{Section, Text, literal};

pub(crate) fn section() -> Section {
    let term = |term: Option<String>| match term {
        Some(term) if term.is_empty() => "(absent)".into(),
        Some(term) => literal(term),
        None => "no".into(),
    };
    let rows = supported().into_iter().map(|set| -> Vec<Text> {
        let Supported { term: alone, extended_term, holds } = set;
        vec![holds.into(), term(alone), term(extended_term)]
    });
    Section::new("character-sets", "Support of Character Sets")
        .say(
            "Instances of any character set are kept and sent byte for byte. For queries texts are understood in these \
             (PS3.3 C.12.1.1.2), code extensions by escape sequences included. Misspelt terms with one possible meaning are \
             taken for it; text in an unknown set is read as well as it can be.",
        )
        .table(
            "Specific Character Set (0008,0005)",
            &["Repertoire", "Defined term", "Defined term with code extensions"],
            rows.collect(),
        )
        .say(
            "A C-FIND response is in the character set of the request, if that has all of its characters, and else in \
             ISO_IR 192 (UTF-8).",
        )
}

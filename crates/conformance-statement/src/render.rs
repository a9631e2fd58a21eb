//! A document as text.

mod html;
mod markdown;

pub use html::html;
pub use markdown::markdown;

use crate::document::Section;

/// The number of the section with an id.
fn number_of<'n>(numbered: &'n [(String, &Section)], id: &str) -> Option<&'n str> {
    numbered.iter().find(|(_, section)| section.id == id).map(|(number, _)| number.as_str())
}

/// One line, whatever was in it: no value of a peer or a file breaks out of its cell.
fn one_line(words: &str) -> String {
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

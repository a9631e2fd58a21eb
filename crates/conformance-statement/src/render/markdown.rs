//! Markdown, with the tables of GitHub.

use super::{number_of, one_line};
use crate::document::{Block, Document, Section, Span, Table, Text};

/// The document as Markdown.
pub fn markdown(document: &Document) -> String {
    let numbered = document.numbered();
    let mut page = format!("# {}\n", escaped(&document.title));
    let mut tables = 0;
    for (number, section) in &numbered {
        let depth = number.split('.').count();
        let hashes = "#".repeat((depth + 1).min(6));
        page.push_str(&format!("\n{hashes} {number} {}\n", escaped(&section.title)));
        for block in &section.blocks {
            page.push('\n');
            match block {
                Block::Paragraph(text) => page.push_str(&format!("{}\n", inline(text, &numbered))),
                Block::List(items) => {
                    for item in items {
                        page.push_str(&format!("- {}\n", inline(item, &numbered)));
                    }
                }
                Block::Table(table) => {
                    tables += 1;
                    table_of(table, tables, &numbered, &mut page);
                }
                Block::Contents => contents(&numbered, &mut page),
            }
        }
    }
    page
}

fn contents(numbered: &[(String, &Section)], page: &mut String) {
    for (number, section) in numbered {
        let indent = "  ".repeat(number.split('.').count() - 1);
        let heading = format!("{number} {}", section.title);
        page.push_str(&format!("{indent}- [{}](#{})\n", escaped(&heading), anchor(&heading)));
    }
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading.to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn table_of(table: &Table, number: u32, numbered: &[(String, &Section)], page: &mut String) {
    page.push_str(&format!("**Table {number}. {}**\n\n", escaped(&table.caption)));
    let columns: Vec<String> = table.columns.iter().map(|column| escaped(column)).collect();
    page.push_str(&format!("| {} |\n", columns.join(" | ")));
    page.push_str(&format!("|{}\n", "---|".repeat(table.columns.len())));
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(|cell| inline(cell, numbered)).collect();
        page.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
}

fn inline(text: &Text, numbered: &[(String, &Section)]) -> String {
    let span = |span: &Span| match span {
        Span::Words(words) => escaped(words),
        Span::Literal(characters) => code(characters),
        Span::See(id) => number_of(numbered, id).unwrap_or(id).to_owned(),
    };
    text.0.iter().map(span).collect()
}

/// Words in which no character means anything to Markdown.
fn escaped(words: &str) -> String {
    let words = one_line(words);
    let mut result = String::with_capacity(words.len());
    let mut before = ' ';
    let mut characters = words.chars().peekable();
    while let Some(c) = characters.next() {
        // An underscore within a word means nothing.
        let is_within =
            before.is_alphanumeric() && characters.peek().is_some_and(|after| after.is_alphanumeric());
        if matches!(c, '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '&') || (c == '_' && !is_within) {
            result.push('\\');
        }
        result.push(c);
        before = c;
    }
    result
}

/// Code, whatever it holds: fenced by one more backtick than it has in a row. A bar would end the cell of a table.
fn code(characters: &str) -> String {
    let characters = one_line(characters).replace('|', "\\|");
    if characters.is_empty() {
        return String::new();
    }
    let longest = characters.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    match characters.contains('`') {
        true => format!("{fence} {characters} {fence}"),
        false => format!("{fence}{characters}{fence}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::text;

    #[test]
    fn nothing_in_a_value_means_anything_to_markdown() {
        assert_eq!(
            escaped("S, *, U | <b> & \\ _x_ ISO_STORE\n# h"),
            "S, \\*, U \\| \\<b\\> \\& \\\\ \\_x\\_ ISO_STORE # h"
        );
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(code("a`b"), "`` a`b ``");
    }

    #[test]
    fn sections_are_numbered_and_referred_to_by_their_numbers() {
        let inner = Section::new("inner", "Inner").say(text("See ").see("outer").and("."));
        let document = Document {
            title: "T".to_owned(),
            chapters: vec![Section::new("", "First"), Section::new("outer", "Second").with([inner])],
        };
        let page = markdown(&document);
        assert!(page.contains("\n### 2.1 Inner\n\nSee 2.\n"), "{page}");
    }
}

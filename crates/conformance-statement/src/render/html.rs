//! One self-contained HTML page.

use super::{number_of, one_line};
use crate::document::{Block, Document, Section, Span, Table, Text};

const STYLE: &str = "\
body{font:15px/1.45 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#1a1a1a;background:#fff}
h1{font-size:1.8em}h2{margin-top:2em;border-bottom:1px solid #bbb}
table{border-collapse:collapse;margin:1em 0;width:100%}
caption{text-align:left;font-weight:600;padding:.3em 0}
th,td{border:1px solid #bbb;padding:.25em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{background:#eee}code{font-size:.92em}nav ul{list-style:none;padding-left:1.2em}
@media print{body{max-width:none;margin:0}h2{break-before:page}tr{break-inside:avoid}a{color:inherit;text-decoration:none}}
";

/// The document as a page that needs nothing else.
pub fn html(document: &Document) -> String {
    let numbered = document.numbered();
    let title = escaped(&document.title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    let mut tables = 0;
    for (number, section) in &numbered {
        let level = (number.split('.').count() + 1).min(6);
        page.push_str(&format!(
            "<h{level} id=\"s{number}\">{number} {}</h{level}>\n",
            escaped(&section.title)
        ));
        for block in &section.blocks {
            match block {
                Block::Paragraph(text) => page.push_str(&format!("<p>{}</p>\n", inline(text, &numbered))),
                Block::List(items) => {
                    page.push_str("<ul>\n");
                    for item in items {
                        page.push_str(&format!("<li>{}</li>\n", inline(item, &numbered)));
                    }
                    page.push_str("</ul>\n");
                }
                Block::Table(table) => {
                    tables += 1;
                    table_of(table, tables, &numbered, &mut page);
                }
                Block::Contents => contents(&document.chapters, "", &mut page),
            }
        }
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn contents(sections: &[Section], prefix: &str, page: &mut String) {
    page.push_str(if prefix.is_empty() { "<nav><ul>\n" } else { "<ul>\n" });
    for (at, section) in (1_u32..).zip(sections) {
        let number = if prefix.is_empty() { at.to_string() } else { format!("{prefix}.{at}") };
        page.push_str(&format!("<li><a href=\"#s{number}\">{number} {}</a>", escaped(&section.title)));
        if !section.sections.is_empty() {
            page.push('\n');
            contents(&section.sections, &number, page);
        }
        page.push_str("</li>\n");
    }
    page.push_str(if prefix.is_empty() { "</ul></nav>\n" } else { "</ul>\n" });
}

fn table_of(table: &Table, number: u32, numbered: &[(String, &Section)], page: &mut String) {
    page.push_str(&format!(
        "<table>\n<caption>Table {number}. {}</caption>\n<thead><tr>",
        escaped(&table.caption)
    ));
    for column in &table.columns {
        page.push_str(&format!("<th>{}</th>", escaped(column)));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        page.push_str("<tr>");
        for cell in row {
            page.push_str(&format!("<td>{}</td>", inline(cell, numbered)));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table>\n");
}

fn inline(text: &Text, numbered: &[(String, &Section)]) -> String {
    let span = |span: &Span| match span {
        Span::Words(words) => escaped(words),
        Span::Literal(characters) if characters.is_empty() => String::new(),
        Span::Literal(characters) => format!("<code>{}</code>", escaped(characters)),
        Span::See(id) => match number_of(numbered, id) {
            Some(number) => format!("<a href=\"#s{number}\">{number}</a>"),
            None => escaped(id),
        },
    };
    text.0.iter().map(span).collect()
}

fn escaped(words: &str) -> String {
    let mut result = String::with_capacity(words.len());
    for c in one_line(words).chars() {
        match c {
            '&' => result.push_str("&amp;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '"' => result.push_str("&quot;"),
            '\'' => result.push_str("&#39;"),
            _ => result.push(c),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{literal, text};

    #[test]
    fn what_a_value_holds_is_text_and_never_a_tag() {
        let hostile = "<script>alert(\"1\")</script> & 'x'";
        let section = Section::new("", hostile).say(hostile).list(vec![literal(hostile)]).table(
            hostile,
            &["A"],
            vec![vec![text(hostile)]],
        );
        let page = html(&Document { title: hostile.to_owned(), chapters: vec![section] });
        assert!(!page.contains("<script>"), "{page}");
        assert_eq!(page.matches("&lt;script&gt;").count(), 7, "{page}");
    }
}

//! Tables of statuses.

use vocabulary::{Category, Status, StatusRow};

use crate::document::{Section, Text, text};

const COLUMNS: &[&str] = &["Service status", "Code", "Meaning here", "Further handling"];

impl Section {
    /// A table of the statuses that a service answers with.
    #[must_use]
    pub(crate) fn statuses(self, service: &str, rows: impl IntoIterator<Item = StatusRow>) -> Self {
        self.table(format!("{service} response statuses"), COLUMNS, status_rows(rows))
    }
}

/// One row a status, however many reasons it has, in the order of the reasons.
fn status_rows(rows: impl IntoIterator<Item = StatusRow>) -> Vec<Vec<Text>> {
    let mut merged: Vec<(Status, Vec<&str>, Vec<&str>)> = Vec::new();
    for StatusRow { status, when, then } in rows {
        let at = match merged.iter().position(|(known, ..)| *known == status) {
            Some(at) => at,
            None => {
                merged.push((status, Vec::new(), Vec::new()));
                merged.len() - 1
            }
        };
        if let Some((_, whens, thens)) = merged.get_mut(at) {
            for (list, words) in [(whens, when), (thens, then)] {
                if !list.contains(&words) {
                    list.push(words);
                }
            }
        }
    }
    merged.sort_by_key(|(status, ..)| (order(*status), status.0));
    let row = |(status, whens, thens): (Status, Vec<&str>, Vec<&str>)| {
        vec![category(status).into(), code(status.0).into(), sentences(&whens), sentences(&thens)]
    };
    merged.into_iter().map(row).collect()
}

/// Success first, then what was refused or failed, then cancel and pending.
fn order(status: Status) -> u8 {
    match status.category() {
        Category::Success => 0,
        Category::Warning => 1,
        Category::Failure => 2,
        Category::Cancel => 3,
        Category::Pending => 4,
    }
}

fn category(status: Status) -> &'static str {
    match status.category() {
        Category::Success => "Success",
        Category::Warning => "Warning",
        Category::Failure => "Failure",
        Category::Cancel => "Cancel",
        Category::Pending => "Pending",
    }
}

pub(crate) fn code(status: u16) -> String {
    format!("{status:04X}")
}

fn sentences(clauses: &[&str]) -> Text {
    text(clauses.iter().map(|clause| format!("{clause}.")).collect::<Vec<_>>().join(" "))
}

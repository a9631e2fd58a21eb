//! Presentation contexts: what is accepted, and what is proposed.

use application_entity::offer::AcceptableContext;
use storage_scu::ContextLayout;
use upper_layer::negotiation::Roles;
use vocabulary::Uid;

use crate::classes::{SyntaxSets, class_name, is_stored, syntax_name};
use crate::document::{Section, Text, literal, text};
use crate::facts::{Acceptor, Facts};

/// More storage classes than these are one row, where they have everything else in common.
const ROWS_APART_MAX: usize = 20;

pub(crate) const COLUMNS: &[&str] =
    &["Abstract syntax", "UID", "Transfer syntax", "Role", "Extended negotiation"];

/// What an AE accepts.
pub(crate) fn accepted(facts: &Facts<'_>, acceptor: &Acceptor<'_>) -> Section {
    let sets = SyntaxSets::of(facts);
    let rows = acceptor.entity.offer.rows();
    let (stored, others): (Vec<_>, Vec<_>) = rows.iter().partition(|row| is_stored(&row.abstract_syntax));
    let mut table: Vec<Vec<Text>> = others.iter().map(|row| accepted_row(row, &sets)).collect();
    match stored.first() {
        Some(first) if stored.len() > ROWS_APART_MAX && has_every_class(facts, &stored, first) => {
            table.push(vec![
                text(format!("Each of the {} storage SOP classes of section ", stored.len())).see("overview"),
                text(""),
                sets.name(first).into(),
                role(first.requestor).into(),
                "None".into(),
            ]);
        }
        _ => table.extend(stored.iter().map(|row| accepted_row(row, &sets))),
    }
    let name = acceptor.entity.name;
    Section::new("", format!("Acceptable Presentation Contexts of {name}"))
        .table(format!("Acceptable presentation contexts of {name}"), COLUMNS, table)
        .say(text("The sets of transfer syntaxes are in section ").see("transfer-syntaxes").and("."))
}

/// Whether the rows are of all classes that the overview has as stored, and alike.
fn has_every_class(facts: &Facts<'_>, rows: &[&AcceptableContext], first: &AcceptableContext) -> bool {
    let classes = |rows: &[AcceptableContext]| -> Vec<Uid> {
        let uids = rows.iter().map(|row| row.abstract_syntax.clone());
        uids.filter(is_stored).collect()
    };
    let all = classes(facts.storage_scp.entity.offer.rows());
    let own: Vec<Uid> = rows.iter().map(|row| row.abstract_syntax.clone()).collect();
    all == own
        && rows
            .iter()
            .all(|row| row.requestor == first.requestor && row.transfer_syntaxes == first.transfer_syntaxes)
}

fn accepted_row(row: &AcceptableContext, sets: &SyntaxSets) -> Vec<Text> {
    vec![
        class_name(&row.abstract_syntax),
        literal(row.abstract_syntax.as_str()),
        sets.name(row).into(),
        role(row.requestor).into(),
        "None".into(),
    ]
}

/// Our role, given what the requestor may be.
fn role(requestor: Roles) -> &'static str {
    match (requestor.scu, requestor.scp) {
        (true, true) => "SCP, and SCU by role selection",
        (false, true) => "SCU, by role selection",
        _ => "SCP",
    }
}

/// What STORAGE-SCU proposes.
pub(crate) fn proposed(facts: &Facts<'_>) -> Section {
    let layout = match facts.storage_scu.export.layout {
        ContextLayout::OneSyntaxEach => {
            "one context for each SOP class and transfer syntax of what is to be sent, with that transfer syntax alone"
        }
        ContextLayout::SeveralSyntaxes => {
            "one context for each SOP class of what is to be sent, with the transfer syntaxes of its instances"
        }
    };
    let mut rows = vec![vec![
        text("Each storage SOP class of which an instance is to be sent, those of section ").see("overview"),
        text(""),
        "The one in which the instance is held".into(),
        "SCU".into(),
        "None".into(),
    ]];
    for tool in facts.tools.iter().filter(|tool| tool.entity == "STORAGE-SCU") {
        for class in &tool.sop_classes {
            for syntax in &tool.transfer_syntaxes {
                let syntax = Text(syntax_name(syntax).0).and(" ").lit(syntax.as_str());
                rows.push(vec![
                    class_name(class),
                    literal(class.as_str()),
                    syntax,
                    text("SCU (").lit(tool.command).and(")"),
                    "None".into(),
                ]);
            }
        }
    }
    Section::new("proposed", "Proposed Presentation Contexts of STORAGE-SCU")
        .say(format!(
            "For an order there is {layout}. More than 128 contexts are spread over several associations, one after the \
             other."
        ))
        .table("Proposed presentation contexts of STORAGE-SCU", COLUMNS, rows)
}

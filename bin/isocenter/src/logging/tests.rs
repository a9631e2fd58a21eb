use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::FIELDS;

const INTRODUCTION: &str = "\
# The service log

Printed from the table in `bin/isocenter`. The server writes its log to standard error, one entry a line: as text, or with
`log.format = \"json\"` one object with the fields below at its top. `log.level` says from which level on:

| level | what it is for |
|---|---|
| ERROR | something here fell short, or a destination cannot be reached: somebody has to act |
| WARN | a peer was refused, gave up or was silent for too long, or an instance did not arrive: somebody should look |
| INFO | an association began or ended, a request was answered, the server started, stopped or has new settings |
| DEBUG | each instance that was stored or sent |

No entry has a patient's name or ID, nor a value that was asked for. UIDs, AE titles and addresses are in it; of a peer's
own words there are its AE titles, the names of its users and its Error Comment. An entry that answers a peer says who it is (`peer`, `calling`,
`called`), what it asked (`operation`, `message_id`) and what it was told (`status`, `why`).

| field | what it says |
|---|---|
";

fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (name, meaning) in FIELDS {
        writeln!(page, "| `{name}` | {meaning} |").unwrap();
    }
    page
}

/// Rewrites the page when `ISOCENTER_PRINT_DOCS` is set; else compares.
#[test]
fn the_printed_log_reference_is_fresh() {
    let path = root().join("docs/reference/log.md");
    if std::env::var_os("ISOCENTER_PRINT_DOCS").is_some() {
        fs::write(&path, page()).unwrap();
    }
    let on_disk = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        on_disk == page(),
        "docs/reference/log.md is stale: ISOCENTER_PRINT_DOCS=1 cargo test -p isocenter log"
    );
}

#[test]
fn gen_013_a_field_has_one_row() {
    let names: BTreeSet<_> = FIELDS.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), FIELDS.len());
}

/// The fields of every `tracing` call of the workspace stand in the table, and nothing else does.
#[test]
fn gen_013_every_field_that_is_logged_is_explained() {
    let mut logged: BTreeSet<String> = ["timestamp", "level", "message"].map(str::to_owned).into();
    for file in sources(&root()) {
        let text = fs::read_to_string(&file).unwrap();
        for (at, _) in text.match_indices("tracing::") {
            logged.extend(fields_of(&text[at..]));
        }
        // Some import the macros.
        if text.contains("use tracing::") {
            for name in ["warn!(", "error!(", "info!(", "debug!("] {
                for (at, _) in text.match_indices(name) {
                    logged.extend(fields_of(&format!("tracing::{}", &text[at..])));
                }
            }
        }
    }
    let explained: BTreeSet<String> = FIELDS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let unexplained: Vec<_> = logged.difference(&explained).collect();
    let unused: Vec<_> = explained.difference(&logged).collect();
    assert!(
        unexplained.is_empty() && unused.is_empty(),
        "not explained: {unexplained:?}; not logged: {unused:?}"
    );
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The source files that are no tests.
fn sources(root: &Path) -> Vec<PathBuf> {
    let mut waiting = vec![root.join("crates"), root.join("bin")];
    let mut found = Vec::new();
    while let Some(path) = waiting.pop() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !["tests", "benches", "target", "examples"].contains(&name.as_str()) {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(path);
        }
    }
    found
}

/// The names of the fields of a call that a text begins with; none if it begins with something else.
fn fields_of(text: &str) -> Vec<String> {
    let Some((name, rest)) = text.split_once('(') else { return Vec::new() };
    if !name.strip_suffix('!').is_some_and(|name| name.len() < 22 && !name.contains(char::is_whitespace)) {
        return Vec::new();
    }
    // Arguments at depth 0, without what stands in strings.
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    let mut arguments = vec![String::new()];
    for c in rest.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => continue,
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                arguments.push(String::new());
                continue;
            }
            _ => {}
        }
        arguments.last_mut().unwrap().push(c);
    }
    let name_of = |argument: &String| {
        let name = argument.split('=').next()?.trim().trim_start_matches(['%', '?']);
        let name = name.rsplit('.').next()?;
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        is_name.then(|| name.to_owned())
    };
    arguments.iter().filter_map(name_of).collect()
}

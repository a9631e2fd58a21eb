use std::fmt::Write;

use crate::calls::{ALLOWED, Call, FORBIDDEN, When};
use crate::limits::LIMITS;

const HEAD: &str = "# The sandbox of associations

Printed from the tables in `crates/sandbox`. Whether there is a sandbox says the setting `sandbox`
([settings](settings.md)); why it is as it is, [decision 12](../decisions/0012-sandbox.md). What is said here of system
calls is that of Linux on x86_64; on other machines those are missing that they do not have.

| process | files (Landlock) | network (Landlock) | system calls (seccomp) |
|---|---|---|---|
| association, and the nursery that forks it | read and write beneath the data directory; read `/dev/urandom` | none: no port can be bound or connected to | the list below |
| housekeeper | the same | the same | all but those that end a process |
| notifier, connector | write beneath the data directory; read what names of hosts are looked up with (`/etc`, `/run`, `/usr`, `/lib`, `/nix/store`) | connect to any port, bind none | all but those that end a process |
| supervisor; every process with `isolation = \"thread\"` | as the user | as the user | as the user |

Nothing beneath these directories can be executed. An association has no descriptors but its own: its connection, the line
to the supervisor, and the log. Connections to configured peers are opened by the connector and handed over. Signals and
abstract sockets do not reach beyond the sandbox where the kernel knows how (Landlock ABI 6, Linux 6.12). No process of
ours takes new privileges or leaves a core file.
";

/// The page `docs/reference/sandbox.md`.
pub fn reference() -> String {
    let mut page = String::from(HEAD);
    page.push_str("\n## Limits of an association\n\n| limit | bound | why |\n|---|---|---|\n");
    for limited in LIMITS {
        let bound = limited.bound.map_or_else(|| "as it is".to_owned(), |bound| bound.to_string());
        row(&mut page, &[limited.name, &bound, limited.why]);
    }
    page.push_str(
        "\n## Calls that an association may make\n\nEverything else is answered as by a kernel that does not have the call \
         (ENOSYS).\n\n| call | with which arguments | what for |\n|---|---|---|\n",
    );
    calls(&mut page, ALLOWED, |call| call.why.to_owned());
    page.push_str(
        "\n## Calls that end the process\n\nNothing of ours makes them. The process is ended by SIGSYS, and the log says \
         whose association it was.\n\n| call | with which arguments | why |\n|---|---|---|\n",
    );
    let but = |call: &Call| {
        let but = if call.keepers_may { " (housekeeper, notifier and connector may)" } else { "" };
        format!("{}{but}", call.why)
    };
    calls(&mut page, FORBIDDEN, but);
    page
}

/// The calls of a table; those that have a reason in common share a row.
fn calls(page: &mut String, table: &[Call], why: impl Fn(&Call) -> String) {
    let words = |call: &Call| match call.when {
        When::Always => "any",
        When::One(_, words) => words,
    };
    for group in table.chunk_by(|one, next| one.why == next.why && words(one) == words(next)) {
        let names: Vec<String> = group.iter().map(|call| format!("`{}`", call.name)).collect();
        if let Some(first) = group.first() {
            row(page, &[&names.join(" "), words(first), &why(first)]);
        }
    }
}

fn row(page: &mut String, cells: &[&str]) {
    // A String takes whatever is written.
    writeln!(page, "| {} |", cells.join(" | ")).ok();
}

//! A real supervisor with real children, over sockets on the loopback.
//!
//! This binary is all of them: run with a role as its first argument it is a supervisor, a nursery or a keeper
//! (`roles`); run without one it runs the cases, each against a supervisor of its own (`subject`).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test without the usual harness, which is what tells clippy that it is one"
)]

mod cases;
mod roles;
mod rush;
mod subject;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

/// A case and its name.
pub(crate) type Case = (&'static str, fn());

fn main() -> ExitCode {
    supervisor::title::init("isocenter");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("supervise") => roles::supervise(arguments.get(1..).unwrap_or_default()),
        Some("nursery") => roles::nursery(),
        Some("keeper") => roles::keeper(),
        _ => run_cases(&arguments),
    }
}

/// As the usual harness does, as far as it is used: `--list`, and parts of names.
fn run_cases(arguments: &[String]) -> ExitCode {
    let cases = cases::all();
    if arguments.iter().any(|argument| argument == "--list") {
        for (name, _) in cases {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let mut failed = 0;
    for (name, case) in cases {
        if !wanted.is_empty() && !wanted.iter().any(|part| name.contains(part.as_str())) {
            continue;
        }
        let outcome = catch_unwind(AssertUnwindSafe(case));
        println!("test {name} ... {}", if outcome.is_ok() { "ok" } else { "FAILED" });
        failed += u32::from(outcome.is_err());
    }
    println!("test result: {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

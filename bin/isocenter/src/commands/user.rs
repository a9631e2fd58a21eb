//! `isocenter user`: what a [[user]] of the configuration needs.

use std::io::{self, BufRead, IsTerminal, Read, Stdin};

use application_entity::users::PasscodeHash;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use vocabulary::limits::PASSCODE_BYTES_MAX;

use crate::cli::UserCommand;
use crate::commands::Failure;
use crate::commands::say::{remark, say};

/// Prints what is asked for.
pub(crate) fn run(command: &UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::Hash => hash(),
    }
}

/// The hash of a passcode that is typed twice, or comes on standard input.
fn hash() -> Result<(), Failure> {
    let stdin = io::stdin();
    let passcode = if stdin.is_terminal() {
        let passcode = typed(&stdin, "Passcode: ")?;
        if typed(&stdin, "Once more: ")? != passcode {
            return Err(Failure("the two passcodes differ".to_owned()));
        }
        passcode
    } else {
        let mut passcode = Vec::new();
        // One byte more than is allowed, and a line break.
        stdin.lock().take(PASSCODE_BYTES_MAX as u64 + 3).read_to_end(&mut passcode)?;
        without_line_break(passcode)
    };
    match passcode.len() {
        0 => Err(Failure("the passcode is empty".to_owned())),
        1..=PASSCODE_BYTES_MAX => {
            say(format_args!("{}\n", PasscodeHash::make(&passcode)?))?;
            Ok(())
        }
        _ => Err(Failure(format!("a passcode has at most {PASSCODE_BYTES_MAX} bytes"))),
    }
}

/// A line that is typed and not shown.
fn typed(stdin: &Stdin, prompt: &str) -> Result<Vec<u8>, Failure> {
    let shown = tcgetattr(stdin)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    hidden.local_modes.insert(LocalModes::ECHONL);
    remark(format_args!("{prompt}"));
    tcsetattr(stdin, OptionalActions::Flush, &hidden)?;
    let mut line = Vec::new();
    let read = stdin.lock().take(PASSCODE_BYTES_MAX as u64 + 3).read_until(b'\n', &mut line);
    tcsetattr(stdin, OptionalActions::Flush, &shown)?;
    read?;
    Ok(without_line_break(line))
}

fn without_line_break(mut line: Vec<u8>) -> Vec<u8> {
    if line.ends_with(b"\n") {
        line.pop();
        if line.ends_with(b"\r") {
            line.pop();
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_break_behind_a_passcode_is_no_part_of_it_and_spaces_are() {
        for (typed, expected) in [("a \n", "a "), ("a\r\n", "a"), ("a\n\n", "a\n"), ("a", "a"), ("\n", "")] {
            assert_eq!(without_line_break(typed.into()), expected.as_bytes());
        }
    }
}

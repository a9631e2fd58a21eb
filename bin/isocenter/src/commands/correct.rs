//! `isocenter correct`: values of patients, studies and series changed, listed and changed back.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use audit::{Corrected, Node, What};
use catalog::{Of, PatientIdentity};
use holdings::{Correction, CorrectionRequest, Holdings, Moved, Named};
use vocabulary::{Day, Uid};

use crate::audit_trail;
use crate::cli::{CorrectCommand, CorrectList, CorrectUndo, CorrectValues, Located};
use crate::commands::{Failure, configured};
use crate::wiring::OpensHoldings;

/// Corrects, lists or takes back.
pub(crate) fn run(command: &CorrectCommand) -> Result<(), Failure> {
    match command {
        CorrectCommand::Patient(arguments) => correct(&arguments.values, &|key| {
            Ok(Named::Patient { patient_id: key.to_owned(), issuer: arguments.issuer.clone() })
        }),
        CorrectCommand::Study(arguments) => correct(arguments, &|key| uid(key).map(Named::Study)),
        CorrectCommand::Series(arguments) => correct(arguments, &|key| uid(key).map(Named::Series)),
        CorrectCommand::List(arguments) => list(arguments),
        CorrectCommand::Undo(arguments) => undo(arguments),
    }
}

fn uid(key: &str) -> Result<Uid, Failure> {
    Uid::parse(key).map_err(|error| Failure(format!("\"{}\" is no UID: {error}", key.escape_debug())))
}

fn correct(arguments: &CorrectValues, named: &dyn Fn(&str) -> Result<Named, Failure>) -> Result<(), Failure> {
    let value = |set: &String| match set.split_once('=') {
        Some((keyword, value)) => Ok((keyword.trim().to_owned(), value.to_owned())),
        None => Err(Failure(format!("\"{}\" is no KEYWORD=VALUE", set.escape_debug()))),
    };
    let values = arguments.set.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    let all = arguments.keys.iter().map(|key| named(key)).collect::<Result<Vec<_>, _>>()?;
    with_holdings(&arguments.located, &mut |holdings| {
        for of in &all {
            let request = CorrectionRequest {
                of: of.clone(),
                values: values.clone(),
                merge: arguments.merge,
                by: user(),
                reason: arguments.because.clone(),
            };
            let correction = holdings.correct(&request, SystemTime::now())?;
            put_on_record(&arguments.located, &correction)?;
            tell(&correction, "corrected")?;
            writeln!(io::stdout(), "Taken back with: isocenter correct undo {}", correction.id)?;
        }
        Ok(())
    })
}

fn undo(arguments: &CorrectUndo) -> Result<(), Failure> {
    with_holdings(&arguments.located, &mut |holdings| {
        let undone = holdings.undo_correction(arguments.id, &user(), SystemTime::now())?;
        put_on_record(&arguments.located, &undone)?;
        tell(&undone, "correction taken back")
    })
}

/// Tells the audit trail of a correction that was made or taken back.
fn put_on_record(located: &Located, correction: &Correction) -> Result<(), Failure> {
    let object = match &correction.of {
        Of::Patient(patient) => Corrected::Patient(patient.patient_id.clone()),
        Of::Study(uid) => Corrected::Study(uid.to_string()),
        Of::Series(uid) => Corrected::Series(uid.to_string()),
    };
    let by = Node { name: user(), host: String::new() };
    audit_trail::tell(&configured(&located.sources())?.configuration, What::Corrected { by, object })
}

fn list(arguments: &CorrectList) -> Result<(), Failure> {
    let all = opens(&arguments.located)?.corrections()?;
    let mut listed = 0;
    for one in all.iter().filter(|one| !arguments.in_force || one.undone.is_none()) {
        listed += 1;
        let what = match &one.undone {
            None => format!("by {} at {}", one.by, moment(one.at)),
            Some((at, by)) => {
                format!("by {} at {}, undone by {by} at {}", one.by, moment(one.at), moment(*at))
            }
        };
        tell(one, &what)?;
        if !one.reason.is_empty() {
            writeln!(io::stdout(), "  because: {}", one.reason.escape_debug())?;
        }
    }
    if listed == 0 {
        writeln!(io::stdout(), "no corrections")?;
    }
    Ok(())
}

/// What a correction is, and what became or becomes of it.
fn tell(correction: &Correction, what: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let instances = match correction.instances {
        1 => "1 instance".to_owned(),
        count => format!("{count} instances"),
    };
    writeln!(out, "{}: {} ({instances}) {what}", correction.id, of(&correction.of))?;
    if let Some(Moved { from, to, merged }) = &correction.moved {
        let from = from.as_ref().map_or("a patient without Patient ID".to_owned(), patient);
        let merged = if *merged { ", who was held already" } else { "" };
        writeln!(out, "  from {from} to {}{merged}", patient(to))?;
    }
    for change in correction.changed() {
        let shown = |value: &str| match value {
            "" => "nothing".to_owned(),
            value => format!("\"{}\"", value.escape_debug()),
        };
        writeln!(out, "  {} from {} to {}", change.key.keyword, shown(&change.before), shown(&change.after))?;
    }
    Ok(())
}

fn of(of: &Of) -> String {
    match of {
        Of::Patient(identity) => patient(identity),
        Of::Study(uid) => format!("study {uid}"),
        Of::Series(uid) => format!("series {uid}"),
    }
}

fn patient(identity: &PatientIdentity) -> String {
    match identity.issuer.as_str() {
        "" => format!("patient {}", identity.patient_id.escape_debug()),
        issuer => {
            format!("patient {} of issuer {}", identity.patient_id.escape_debug(), issuer.escape_debug())
        }
    }
}

/// A moment in UTC.
fn moment(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let day = i64::try_from(seconds / 86_400).ok().and_then(|days| Day::from_days_since_1970(days).ok());
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    match day {
        Some(day) => format!("{day} {hour:02}:{minute:02}:{second:02}Z"),
        None => "an unknown time".to_owned(),
    }
}

/// Who types.
fn user() -> String {
    ["SUDO_USER", "USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()))
        .unwrap_or_else(|| "somebody".to_owned())
}

fn opens(located: &Located) -> Result<OpensHoldings, Failure> {
    let effective = configured(&located.sources())?;
    let data = &effective.configuration.data;
    if !data.is_dir() {
        return Err(Failure(format!(
            "there are no data in {}: name their directory with --data",
            data.display()
        )));
    }
    Ok(OpensHoldings::new(&effective.configuration))
}

fn with_holdings(
    located: &Located,
    work: &mut dyn FnMut(&mut Holdings) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut holdings = opens(located)?.open()?;
    let started = holdings.start(&mut |finding| eprintln!("{finding}"))?;
    let done = work(&mut holdings);
    started.running.stop(&mut holdings, SystemTime::now())?;
    done
}

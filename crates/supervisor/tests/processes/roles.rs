//! What this binary does as a supervisor, as a nursery with its children and as a keeper.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use supervisor::{
    Admission, Connection, Control, Event, Group, Keeper, KeeperStops, Limit, Nursery, OWN_PROGRAM, Permit,
    PermitGroup, Plan, Restart, Supervised,
};

use crate::rush::Rush;

/// A supervisor as its arguments (`key=value`) have it; prints what happens, one line an event.
pub(crate) fn supervise(arguments: &[String]) -> ExitCode {
    let options: HashMap<String, String> = arguments
        .iter()
        .filter_map(|argument| argument.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    if let Some(files) = options.get("files") {
        let bound = Some(files.parse().unwrap());
        let limit = rustix::process::Rlimit { current: bound, maximum: bound };
        rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).unwrap();
    }
    let plan = plan(&options, "first settings");
    let rush = options.contains_key("rush").then(Rush::default);
    let again = || {
        let mut options = options.clone();
        options.insert("total".to_owned(), "1".to_owned());
        rush.iter().for_each(Rush::come);
        Some(self::plan(&options, "second settings"))
    };
    let print = |event: Event<'_>| {
        rush.iter().for_each(|rush| rush.see(&event));
        print(event);
    };
    let outcome = if options.contains_key("threads") {
        let serve = |connection: Connection, control: &mut Control| serve(connection, control);
        supervisor::run_threads(plan, Arc::new(serve), again, print)
    } else {
        supervisor::run(plan, again, print)
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("failed {error}");
            ExitCode::FAILURE
        }
    }
}

fn plan(options: &HashMap<String, String>, settings: &str) -> Plan {
    let number =
        |key: &str, otherwise: u64| options.get(key).map_or(otherwise, |value| value.parse().unwrap());
    let count = |key: &str, otherwise: u64| u32::try_from(number(key, otherwise)).unwrap();
    let limit = match options.get("each") {
        Some(_) => Limit::PerCallingAe { each: count("each", 0), ceiling: count("ceiling", 100) },
        None => Limit::Total(count("total", 10)),
    };
    let mut plan = Plan::new(vec!["isocenter".into(), "nursery".into()]);
    if let Some(program) = options.get("program") {
        plan.program = program.into();
    }
    plan.listeners = options
        .get("listen")
        .map_or("127.0.0.1:0", String::as_str)
        .split(',')
        .map(|address| address.parse().unwrap())
        .collect();
    plan.groups = vec![Group { name: "scp".to_owned(), limit }];
    plan.permits = vec![PermitGroup { name: "storage-scu".to_owned(), at_a_time: count("permits", 10) }];
    plan.children_of_one_nursery = count("children", 10_000);
    plan.pending_max = usize::try_from(number("pending", 256)).unwrap();
    plan.admission_grace = Duration::from_millis(number("grace", 0));
    plan.drain_grace = Duration::from_millis(number("drain", 60_000));
    if options.contains_key("keeper") {
        plan.keepers.push(Keeper {
            name: "housekeeper".to_owned(),
            program: OWN_PROGRAM.into(),
            arguments: vec!["isocenter".into(), "keeper".into()],
            restart: Restart::Always,
            stops: KeeperStops::AfterAssociations,
        });
    }
    plan.settings = settings.as_bytes().to_vec();
    plan
}

fn print(event: Event<'_>) {
    match event {
        Event::Ready { listeners } => {
            let addresses: Vec<String> = listeners.iter().map(ToString::to_string).collect();
            println!("ready {}", addresses.join(" "));
        }
        Event::Refused { calling, called, refusal, .. } => println!("refused {calling} {called} {refusal:?}"),
        Event::ChildFailed { pid, calling, called, activity, ending, .. } => {
            println!("child-failed {} {calling} {called} [{activity}] {ending}", pid.unwrap_or_default());
        }
        Event::KeeperStarted { name, pid } => println!("keeper-started {name} {pid}"),
        Event::KeeperEnded { name, ending, restart_in } => {
            println!("keeper-ended {name} {ending} again={}", restart_in.is_some());
        }
        Event::PendingClosed { .. } => println!("pending-closed"),
        Event::Draining { running, .. } => println!("draining {running}"),
        Event::EndingChildren { serving } => println!("ending {serving}"),
        Event::Reloaded { .. } => println!("reloaded"),
        other => println!("other {other:?}"),
    }
}

/// A nursery, and its children.
pub(crate) fn nursery() -> ExitCode {
    let raised = Nursery::from_inherited().and_then(|nursery| {
        nursery.raise(
            || Ok(()),
            |connection, control| {
                serve(connection, control);
                0
            },
        )
    });
    match raised {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// A keeper: there until it is told to stop.
pub(crate) fn keeper() -> ExitCode {
    let mut control = Control::from_inherited().unwrap();
    supervisor::title::set("housekeeper");
    if control.wait_for_end(None) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Does what the peer says, line by line, and answers each with a line.
fn serve(connection: Connection, control: &mut Control) {
    let mut permit: Option<Permit> = None;
    let mut lines = BufReader::new(connection.stream.try_clone().unwrap()).lines();
    while let Some(Ok(line)) = lines.next() {
        let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = match command {
            "admit" => match control.admit("scp", rest, "ISO_STORE_SCP") {
                Admission::Admitted => format!("admitted {}", std::process::id()),
                Admission::Refused(refusal) => format!("refused {refusal:?}"),
            },
            "activity" => {
                control.activity(rest);
                "said".to_owned()
            }
            "done" => {
                control.done();
                "done".to_owned()
            }
            "ask" => match control.permit(rest) {
                Ok(asked) => {
                    permit = Some(asked);
                    "asked".to_owned()
                }
                Err(error) => error.to_string(),
            },
            "wait" => match permit.as_mut().map(|permit| permit.wait(None)) {
                Some(Ok(true)) => "held".to_owned(),
                other => format!("{other:?}"),
            },
            "give-back" => {
                permit = None;
                "given".to_owned()
            }
            "settings" => String::from_utf8_lossy(control.settings()).into_owned(),
            "no-delay" => connection.stream.nodelay().unwrap().to_string(),
            "listener" => connection.listener.to_string(),
            "peer" => connection.peer.to_string(),
            "descriptors" => descriptors(),
            "group" => rustix::process::getpgid(None).unwrap().as_raw_nonzero().to_string(),
            "arguments" => std::env::args().collect::<Vec<_>>().join(" "),
            "environment" => std::env::var(rest).unwrap_or_default(),
            "nonsense" => {
                // An admission that has been had already is what no association asks for.
                format!("{:?}", control.admit("scp", "AGAIN", "ISO_STORE_SCP"))
            }
            "panic" => panic!("as the peer wished"),
            other => format!("what is {other}?"),
        };
        if writeln!(&connection.stream, "{answer}").is_err() {
            return;
        }
    }
}

/// The descriptors of this process, each as the kernel names what it is to.
fn descriptors() -> String {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fd").unwrap() {
        let entry = entry.unwrap();
        let number = entry.file_name().into_string().unwrap();
        // The one that lists them is closed by the time it is asked for.
        let Ok(target) = std::fs::read_link(entry.path()) else { continue };
        let target = target.to_string_lossy().into_owned();
        if !target.ends_with("/fd") {
            found.push(format!("{number}={}", target.split(':').next().unwrap_or_default()));
        }
    }
    found.sort();
    found.join(" ")
}

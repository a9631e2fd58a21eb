//! How a supervisor ends, and what is left of it.

use std::net::TcpListener;

use rustix::process::{Pid, Signal, getpgid};

use crate::cases::cases;
use crate::subject::{Client, End, Subject};

cases![
    qr_017_a_drain_refuses_who_comes_and_waits_for_who_is_there,
    an_idle_supervisor_drains_at_once,
    the_ctrl_c_of_a_terminal_does_not_reach_the_children,
    a_drain_ends_what_outlasts_its_grace,
    a_second_signal_ends_what_is_left,
    a_drain_waits_for_an_export_whose_requester_is_gone,
    a_killed_supervisor_leaves_no_nursery_and_its_ports_are_free,
    an_address_in_use_is_refused_by_name,
    children_that_cannot_start_are_given_up,
];

fn qr_017_a_drain_refuses_who_comes_and_waits_for_who_is_there() {
    let mut subject = Subject::start(&[]);
    let (mut client, _) = subject.admitted("CT1");
    subject.signal(Signal::TERM);
    assert_eq!(subject.event("draining"), "draining 1");
    assert_eq!(subject.connect().ask("admit CT2"), "refused Draining");
    assert_eq!(client.ask("activity C-STORE 1"), "said");
    drop(client);
    assert!(subject.ended().success());
}

fn an_idle_supervisor_drains_at_once() {
    let mut subject = Subject::start(&[]);
    let children: Vec<End> = subject.children().into_iter().map(End::of).collect();
    subject.signal(Signal::INT);
    assert!(subject.ended().success());
    for child in children {
        child.wait();
    }
}

fn the_ctrl_c_of_a_terminal_does_not_reach_the_children() {
    let subject = Subject::start(&["keeper=1"]);
    let keeper = subject.event("keeper-started housekeeper");
    let group_of = |pid: u32| getpgid(Pid::from_raw(i32::try_from(pid).unwrap())).unwrap();
    let (_client, pid) = subject.admitted("CT1");
    assert_ne!(group_of(pid), group_of(subject.pid()));
    let keeper: u32 = keeper.rsplit(' ').next().unwrap().parse().unwrap();
    assert_ne!(group_of(keeper), group_of(subject.pid()));
}

fn a_drain_ends_what_outlasts_its_grace() {
    let mut subject = Subject::start(&["drain=10"]);
    let (mut client, _) = subject.admitted("CT1");
    subject.signal(Signal::TERM);
    assert_eq!(subject.event("ending"), "ending 1");
    client.is_closed();
    assert!(subject.ended().success());
}

fn a_second_signal_ends_what_is_left() {
    let mut subject = Subject::start(&[]);
    let (mut client, _) = subject.admitted("CT1");
    subject.signal(Signal::TERM);
    subject.event("draining");
    subject.signal(Signal::TERM);
    client.is_closed();
    assert!(subject.ended().success());
}

fn a_drain_waits_for_an_export_whose_requester_is_gone() {
    let mut subject = Subject::start(&[]);
    let (mut client, pid) = subject.admitted("WS9");
    client.ask("ask storage-scu");
    assert_eq!(client.ask("wait"), "held");
    assert_eq!(client.ask("done"), "done");
    subject.signal(Signal::TERM);
    assert_eq!(subject.event("draining"), "draining 1");
    assert_eq!(client.ask("give-back"), "given");
    let end = End::of(pid);
    drop(client);
    end.wait();
    assert!(subject.ended().success());
}

fn a_killed_supervisor_leaves_no_nursery_and_its_ports_are_free() {
    let mut subject = Subject::start(&[]);
    let (mut client, serving) = subject.admitted("CT1");
    let others: Vec<End> =
        subject.children().into_iter().filter(|&pid| pid != serving).map(End::of).collect();
    assert_eq!(others.len(), 1, "the nursery");
    let serving = End::of(serving);
    subject.signal(Signal::KILL);
    subject.ended();
    for other in others {
        other.wait();
    }
    // Who serves goes on with its association, whatever it has to tell a supervisor.
    assert_eq!(client.ask("activity C-STORE 7"), "said");
    let next = Subject::start(&[&format!("listen={}", subject.addresses[0])]);
    next.admitted("CT2");
    assert_eq!(client.ask("done"), "done");
    drop(client);
    serving.wait();
}

fn an_address_in_use_is_refused_by_name() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut subject = Subject::start_unready(&[&format!("listen={address}")]);
    let event = subject.event("failed");
    assert!(event.contains(&address.to_string()), "{event}");
    assert!(!subject.ended().success());
    drop(Client::connect(address));
}

fn children_that_cannot_start_are_given_up() {
    let mut missing = Subject::start_unready(&["program=/nowhere/isocenter"]);
    assert!(missing.event("failed").contains("/nowhere/isocenter"));
    assert!(!missing.ended().success());
    let mut useless = Subject::start_unready(&["program=/bin/false"]);
    assert!(useless.event("failed").contains("exit code 1"));
    assert!(!useless.ended().success());
}

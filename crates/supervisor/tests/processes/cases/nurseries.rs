//! Who forks the children, and what becomes of them when it ends.

use std::collections::HashSet;

use rustix::process::Signal;

use crate::cases::cases;
use crate::subject::{Client, End, Subject, signal_to, title_of};

cases![
    the_children_are_the_supervisors_own_and_the_nursery_says_what_it_is,
    a_child_has_no_descriptor_but_its_own,
    a_nursery_that_is_killed_is_replaced_and_harms_no_association,
    a_child_of_a_dead_nursery_is_reaped_and_told_of,
    a_child_ended_by_a_signal_takes_its_nursery_out_of_use,
    a_nursery_is_replaced_after_so_many_children,
    a_reload_ends_the_nursery_and_starts_another,
    bug_010_who_comes_during_a_reload_is_served_whenever_the_new_nursery_is_ready,
    a_child_that_panics_ends_its_association_and_nothing_else,
    many_connections_at_once_are_all_served,
];

fn the_children_are_the_supervisors_own_and_the_nursery_says_what_it_is() {
    let subject = Subject::start_unready(&[]);
    let nursery = subject.nursery();
    let subject = subject.ready();
    assert_eq!(title_of(nursery), "isocenter: nursery");
    let (_client, pid) = subject.admitted("CT1");
    let children: HashSet<u32> = subject.children().into_iter().collect();
    assert_eq!(children, HashSet::from([nursery, pid]));
}

fn a_child_has_no_descriptor_but_its_own() {
    // Whoever starts the server may have something open that every program inherits.
    let left_open = std::fs::File::open("/dev/zero").unwrap();
    rustix::io::fcntl_setfd(&left_open, rustix::io::FdFlags::empty()).unwrap();
    let subject = Subject::start(&["listen=127.0.0.1:0,127.0.0.1:0"]);
    drop(left_open);
    let _others: Vec<(Client, u32)> = (0..5).map(|_| subject.admitted("CT")).collect();
    let mut client = subject.connect();
    let has = client.ask("descriptors");
    let beyond_standard =
        |descriptor: &&str| !["0=", "1=", "2="].iter().any(|standard| descriptor.starts_with(standard));
    let own: Vec<&str> = has.split(' ').filter(beyond_standard).collect();
    let count = |kind: &str| own.iter().filter(|descriptor| descriptor.ends_with(kind)).count();
    // The connection and the second descriptor that `serve` reads by; the line to the supervisor.
    assert_eq!((count("=socket"), count("=pipe")), (2, 2), "{has}");
    // No pidfd, epoll or settings.
    let foreign = ["anon_inode", "/memfd", "eventpoll", "/dev/zero"];
    assert!(!foreign.iter().any(|kind| has.contains(kind)), "{has}");
    assert!(has.contains("0=/dev/null"), "{has}");
}

fn a_nursery_that_is_killed_is_replaced_and_harms_no_association() {
    let subject = Subject::start_unready(&[]);
    let nursery = subject.nursery();
    let subject = subject.ready();
    let (mut client, _) = subject.admitted("CT1");
    signal_to(nursery, Signal::KILL);
    assert_eq!(subject.event("keeper-ended"), "keeper-ended nursery killed by signal 9 again=true");
    assert_eq!(client.ask("activity C-STORE 1"), "said");
    subject.admitted("CT2");
    assert_ne!(subject.nursery(), nursery);
    assert_eq!(client.ask("done"), "done");
}

fn a_child_of_a_dead_nursery_is_reaped_and_told_of() {
    let subject = Subject::start_unready(&[]);
    let nursery = subject.nursery();
    let subject = subject.ready();
    let (mut client, pid) = subject.admitted("CT1");
    signal_to(nursery, Signal::KILL);
    subject.event("keeper-ended nursery");
    signal_to(pid, Signal::KILL);
    client.is_closed();
    let event = subject.event("child-failed");
    assert_eq!(event, format!("child-failed {pid} CT1 ISO_STORE_SCP [] killed by signal 9"));
    assert!(!subject.children().contains(&pid));
}

fn a_child_ended_by_a_signal_takes_its_nursery_out_of_use() {
    let subject = Subject::start_unready(&[]);
    let nursery = subject.nursery();
    let subject = subject.ready();
    let (mut client, _) = subject.admitted("CT1");
    let (_victim, pid) = subject.admitted("CT2");
    let end = End::of(nursery);
    signal_to(pid, Signal::ABORT);
    subject.event("child-failed");
    assert_ne!(subject.nursery(), nursery);
    assert_eq!(subject.event("keeper-ended"), "keeper-ended nursery exit code 0 again=false");
    end.wait();
    assert_eq!(client.ask("activity C-STORE 1"), "said");
    subject.admitted("CT3");
}

fn a_nursery_is_replaced_after_so_many_children() {
    let subject = Subject::start_unready(&["children=3"]);
    let first = subject.nursery();
    let subject = subject.ready();
    let clients: Vec<(Client, u32)> = (0..3).map(|_| subject.admitted("CT1")).collect();
    let second = subject.nursery();
    assert_ne!(first, second);
    assert_eq!(subject.event("keeper-ended"), "keeper-ended nursery exit code 0 again=false");
    for (mut client, _) in clients {
        assert_eq!(client.ask("activity C-STORE 1"), "said");
    }
    let group = subject.connect().ask("group");
    assert_eq!(group, second.to_string(), "forked by the second one, in whose process group it is");
}

fn a_reload_ends_the_nursery_and_starts_another() {
    let subject = Subject::start_unready(&[]);
    let first = End::of(subject.nursery());
    let subject = subject.ready();
    subject.signal(Signal::HUP);
    subject.nursery();
    first.wait();
    assert_eq!(subject.connect().ask("settings"), "second settings");
}

fn bug_010_who_comes_during_a_reload_is_served_whenever_the_new_nursery_is_ready() {
    let subject = Subject::start(&["rush=yes"]);
    subject.signal(Signal::HUP);
    assert_eq!(subject.event("answered"), "answered second settings");
}

fn a_child_that_panics_ends_its_association_and_nothing_else() {
    let subject = Subject::start(&[]);
    let (mut one, _) = subject.admitted("CT1");
    let (mut two, pid) = subject.admitted("CT2");
    two.say("panic");
    two.is_closed();
    assert_eq!(
        subject.event("child-failed"),
        format!("child-failed {pid} CT2 ISO_STORE_SCP [] exit code 101")
    );
    assert_eq!(one.ask("activity C-STORE 1"), "said");
    subject.admitted("CT3");
}

fn many_connections_at_once_are_all_served() {
    let subject = Subject::start(&["total=300"]);
    let mut clients: Vec<Client> = (0..200).map(|_| subject.connect()).collect();
    for client in &mut clients {
        client.say("admit CT");
    }
    let pids: HashSet<String> = clients.iter_mut().map(Client::hear).collect();
    assert_eq!(pids.len(), clients.len(), "a process each");
    assert!(pids.iter().all(|answer| answer.starts_with("admitted ")));
}

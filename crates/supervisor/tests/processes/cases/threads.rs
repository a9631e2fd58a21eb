//! `isolation = "thread"`: the same answers from one process.

use rustix::process::Signal;

use crate::cases::cases;
use crate::subject::{Client, Subject};

cases![
    threads_of_one_process_serve_and_are_counted_alike,
    a_thread_that_panics_ends_its_association_and_nothing_else,
    silent_connections_are_closed_before_they_lock_out_a_peer_of_threads,
    threads_drain,
    threads_wait_for_permits_in_order,
];

fn threads_of_one_process_serve_and_are_counted_alike() {
    let subject = Subject::start(&["threads=1", "total=3"]);
    let (mut first, pid) = subject.admitted("CT1");
    assert_eq!(pid, subject.pid());
    let _others = [subject.admitted("CT2"), subject.admitted("CT3")];
    assert_eq!(subject.connect().ask("admit CT4"), "refused LocalLimitExceeded");
    assert_eq!(first.ask("done"), "done");
    subject.admitted("CT5");
    assert_eq!(subject.children(), [], "threads, and no process");
}

fn a_thread_that_panics_ends_its_association_and_nothing_else() {
    let subject = Subject::start(&["threads=1", "total=2"]);
    let (mut one, _) = subject.admitted("CT1");
    let (mut two, _) = subject.admitted("CT2");
    assert_eq!(two.ask("activity C-FIND"), "said");
    two.say("panic");
    two.is_closed();
    assert_eq!(subject.event("child-failed"), "child-failed 0 CT2 ISO_STORE_SCP [C-FIND] panicked");
    subject.admitted("CT3");
    assert_eq!(one.ask("activity C-STORE 1"), "said");
}

fn silent_connections_are_closed_before_they_lock_out_a_peer_of_threads() {
    let subject = Subject::start(&["threads=1", "pending=8"]);
    let mut silent: Vec<Client> = (0..50).map(|_| subject.connect()).collect();
    let (_client, _) = subject.admitted("CT");
    for client in &mut silent[..42] {
        client.is_closed();
    }
}

fn threads_drain() {
    let mut subject = Subject::start(&["threads=1"]);
    let (mut client, _) = subject.admitted("CT1");
    subject.signal(Signal::TERM);
    assert_eq!(subject.event("draining"), "draining 1");
    assert_eq!(subject.connect().ask("admit CT2"), "refused Draining");
    assert_eq!(client.ask("activity C-STORE 1"), "said");
    drop(client);
    assert!(subject.ended().success());
}

fn threads_wait_for_permits_in_order() {
    let subject = Subject::start(&["threads=1", "permits=1"]);
    let [(mut one, _), (mut two, _)] = ["A", "B"].map(|calling| subject.admitted(calling));
    one.ask("ask storage-scu");
    assert_eq!(one.ask("wait"), "held");
    two.ask("ask storage-scu");
    two.say("wait");
    assert_eq!(one.ask("give-back"), "given");
    assert_eq!(two.hear(), "held");
}

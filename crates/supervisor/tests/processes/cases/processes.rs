//! One process for each association, and what each one knows.

use std::collections::HashSet;

use rustix::process::Signal;

use crate::cases::cases;
use crate::subject::{Client, Subject, signal_to, title_of};

cases![
    qr_006_scp_005_each_association_has_a_process_that_names_its_peer,
    qr_006_sil_027_killing_one_process_ends_its_association_and_nothing_else,
    a_title_follows_what_is_done_and_leaves_arguments_and_environment_alone,
    a_child_knows_its_listener_its_peer_and_the_settings,
    what_is_accepted_does_not_wait_for_acknowledgements,
    ipv4_and_ipv6_are_listened_on_beside_each_other,
    new_settings_hold_for_who_comes_after_the_reload,
    a_keeper_that_dies_is_started_again_and_stops_when_told,
];

fn qr_006_scp_005_each_association_has_a_process_that_names_its_peer() {
    let subject = Subject::start(&[]);
    let associations: Vec<(Client, u32)> =
        (0..8).map(|number| subject.admitted(&format!("CT{number}"))).collect();
    let pids: HashSet<u32> = associations.iter().map(|(_, pid)| *pid).collect();
    assert_eq!(pids.len(), associations.len());
    let children = subject.children();
    for (number, (_, pid)) in associations.iter().enumerate() {
        assert!(children.contains(pid));
        assert_eq!(title_of(*pid), format!("isocenter: CT{number} -> ISO_STORE_SCP 127.0.0.1"));
    }
    assert!(title_of(subject.pid()).starts_with("isocenter: supervisor, "));
}

fn qr_006_sil_027_killing_one_process_ends_its_association_and_nothing_else() {
    let subject = Subject::start(&[]);
    let (mut one, _) = subject.admitted("CT1");
    let (mut two, victim) = subject.admitted("CT2");
    let (mut three, _) = subject.admitted("CT3");
    assert_eq!(two.ask("activity C-STORE 118"), "said");
    signal_to(victim, Signal::KILL);
    two.is_closed();
    let event = subject.event("child-failed");
    assert_eq!(event, format!("child-failed {victim} CT2 ISO_STORE_SCP [C-STORE 118] killed by signal 9"));
    assert_eq!(one.ask("activity C-STORE 1"), "said");
    assert_eq!(three.ask("activity C-STORE 1"), "said");
    subject.admitted("CT4");
}

fn a_title_follows_what_is_done_and_leaves_arguments_and_environment_alone() {
    let subject = Subject::start(&[]);
    let (mut client, pid) = subject.admitted("CT2");
    for activity in ["C-STORE 118", "C-ECHO", "C-MOVE to VIEWER1, 40 of 212"] {
        client.ask(&format!("activity {activity}"));
        assert_eq!(title_of(pid), format!("isocenter: CT2 -> ISO_STORE_SCP 127.0.0.1, {activity}"));
    }
    assert_eq!(client.ask("arguments"), "isocenter nursery");
    assert_eq!(client.ask("environment ISOCENTER_TEST_MARK"), "still there");
    let here = std::env::var("PATH").unwrap();
    assert_eq!(client.ask("environment PATH"), here);
}

fn a_child_knows_its_listener_its_peer_and_the_settings() {
    let subject = Subject::start(&["listen=127.0.0.1:0,127.0.0.1:0"]);
    for (number, &address) in subject.addresses.iter().enumerate() {
        let mut client = Client::connect(address);
        assert_eq!(client.ask("listener"), number.to_string());
        assert_eq!(client.ask("settings"), "first settings");
        assert!(client.ask("peer").starts_with("127.0.0.1:"));
    }
}

fn what_is_accepted_does_not_wait_for_acknowledgements() {
    let subject = Subject::start(&[]);
    assert_eq!(subject.connect().ask("no-delay"), "true");
}

fn ipv4_and_ipv6_are_listened_on_beside_each_other() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        println!("  (this machine has no IPv6)");
        return;
    }
    let subject = Subject::start(&["listen=127.0.0.1:0,[::1]:0"]);
    assert!(Client::connect(subject.addresses[1]).ask("peer").starts_with("[::1]:"));
    assert!(Client::connect(subject.addresses[0]).ask("peer").starts_with("127.0.0.1:"));
}

fn new_settings_hold_for_who_comes_after_the_reload() {
    let subject = Subject::start(&["total=10"]);
    let (mut before, _) = subject.admitted("CT1");
    subject.signal(Signal::HUP);
    subject.event("reloaded");
    let mut after = subject.connect();
    assert_eq!(after.ask("settings"), "second settings");
    assert_eq!(after.ask("admit CT2"), "refused LocalLimitExceeded", "the new limit is one");
    assert_eq!(before.ask("settings"), "first settings");
    assert_eq!(before.ask("activity C-STORE 1"), "said");
}

fn a_keeper_that_dies_is_started_again_and_stops_when_told() {
    let mut subject = Subject::start(&["keeper=1"]);
    let first = subject.event("keeper-started housekeeper ");
    let pid: u32 = first.rsplit(' ').next().unwrap().parse().unwrap();
    signal_to(pid, Signal::KILL);
    assert_eq!(subject.event("keeper-ended"), "keeper-ended housekeeper killed by signal 9 again=true");
    let second = subject.event("keeper-started housekeeper ");
    assert_ne!(first, second);
    subject.signal(Signal::TERM);
    assert_eq!(subject.event("keeper-ended housekeeper"), "keeper-ended housekeeper exit code 0 again=false");
    assert!(subject.ended().success());
}

//! Who gets a place, who waits, who is refused.

use rustix::process::Signal;

use crate::cases::cases;
use crate::subject::{Client, Subject, signal_to};

cases![
    qr_007_qr_016_scp_014_the_eleventh_association_is_refused,
    qr_007_a_place_given_back_is_usable_at_once,
    a_peer_that_hangs_up_and_comes_back_at_once_finds_its_place_free,
    qr_008_counted_per_calling_ae_a_hung_peer_does_not_lock_out_another,
    connections_that_say_nothing_do_not_lock_out_a_peer,
    more_silent_connections_than_may_be_cost_no_more_processes,
    silent_connections_that_take_all_descriptors_lock_out_nobody,
    cfg_021_sil_067_an_export_above_the_limit_waits_until_one_ends,
    a_process_that_is_killed_gives_its_permit_back,
    who_asks_for_what_it_has_already_is_ended,
];

fn qr_007_qr_016_scp_014_the_eleventh_association_is_refused() {
    let subject = Subject::start(&["grace=20"]);
    let _ten: Vec<(Client, u32)> = (0..10).map(|_| subject.admitted("CT")).collect();
    let mut eleventh = subject.connect();
    assert_eq!(eleventh.ask("admit CT"), "refused LocalLimitExceeded");
    assert_eq!(subject.event("refused"), "refused CT ISO_STORE_SCP LocalLimitExceeded");
}

fn qr_007_a_place_given_back_is_usable_at_once() {
    let subject = Subject::start(&["total=1", "grace=0"]);
    let (mut client, _) = subject.admitted("CT");
    for _ in 0..20 {
        // The old connection stays open, as while an A-RELEASE-RP is on its way.
        assert_eq!(client.ask("done"), "done");
        let (next, _) = subject.admitted("CT");
        client = next;
    }
    assert_eq!(subject.connect().ask("admit CT"), "refused LocalLimitExceeded");
}

fn a_peer_that_hangs_up_and_comes_back_at_once_finds_its_place_free() {
    let subject = Subject::start(&["total=1", "grace=60000"]);
    let (client, _) = subject.admitted("CT");
    let mut again = subject.connect();
    again.say("admit CT");
    drop(client);
    assert!(again.hear().starts_with("admitted "));
}

fn qr_008_counted_per_calling_ae_a_hung_peer_does_not_lock_out_another() {
    let subject = Subject::start(&["each=2", "ceiling=5"]);
    let _hung = [subject.admitted("HUNG"), subject.admitted("HUNG")];
    assert_eq!(subject.connect().ask("admit HUNG"), "refused LocalLimitExceeded");
    let _others = [subject.admitted("A"), subject.admitted("A"), subject.admitted("B")];
    assert_eq!(subject.connect().ask("admit C"), "refused TemporaryCongestion");
}

fn connections_that_say_nothing_do_not_lock_out_a_peer() {
    let subject = Subject::start(&[]);
    let _silent: Vec<Client> = (0..200).map(|_| subject.connect()).collect();
    subject.admitted("CT");
}

fn more_silent_connections_than_may_be_cost_no_more_processes() {
    let subject = Subject::start(&["pending=16"]);
    let mut silent: Vec<Client> = (0..100).map(|_| subject.connect()).collect();
    let (_client, _) = subject.admitted("CT");
    // The oldest ones had to go, and the youngest one has still its process.
    for client in &mut silent[..84] {
        client.is_closed();
    }
    assert!(silent[99].ask("admit CT").starts_with("admitted "));
    let ended = subject.children().into_iter().filter(|pid| is_zombie(*pid)).count();
    let running = subject.children().len() - ended;
    // 16 pending, 2 with places, the nursery, and those that are on their way out.
    assert!(running <= 16 + 2 + 1 + 16, "{running}");
}

fn silent_connections_that_take_all_descriptors_lock_out_nobody() {
    let subject = Subject::start(&["files=40"]);
    // Again and again: what is lost in one flood would be missed in a later one.
    for _ in 0..2 {
        let mut silent: Vec<Client> = (0..40).map(|_| subject.connect()).collect();
        subject.event("pending-closed");
        // Who comes in the midst of it waits until there is something left for them, and is not cut off.
        let (_client, _) = subject.admitted("CT");
        // The first of them had to go.
        silent[0].is_closed();
    }
}

fn is_zombie(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}

fn cfg_021_sil_067_an_export_above_the_limit_waits_until_one_ends() {
    let subject = Subject::start(&["permits=1"]);
    let [(mut one, _), (mut two, _), (mut three, _)] =
        ["A", "B", "C"].map(|calling| subject.admitted(calling));
    assert_eq!(one.ask("ask storage-scu"), "asked");
    assert_eq!(one.ask("wait"), "held");
    assert_eq!(two.ask("ask storage-scu"), "asked");
    assert_eq!(three.ask("ask storage-scu"), "asked");
    three.say("wait");
    two.say("wait");
    assert_eq!(one.ask("give-back"), "given");
    assert_eq!(two.hear(), "held");
    assert!(three.has_heard_all());
    assert_eq!(two.ask("give-back"), "given");
    assert_eq!(three.hear(), "held");
}

fn a_process_that_is_killed_gives_its_permit_back() {
    let subject = Subject::start(&["permits=1"]);
    let [(mut one, pid), (mut two, _)] = ["A", "B"].map(|calling| subject.admitted(calling));
    one.ask("ask storage-scu");
    assert_eq!(one.ask("wait"), "held");
    two.ask("ask storage-scu");
    two.say("wait");
    // Killed, it has no chance to give it back itself.
    signal_to(pid, Signal::KILL);
    assert_eq!(two.hear(), "held");
}

fn who_asks_for_what_it_has_already_is_ended() {
    let subject = Subject::start(&[]);
    let (mut client, pid) = subject.admitted("CT");
    client.say("nonsense");
    client.is_closed();
    let event = subject.event("child-failed");
    assert!(event.starts_with(&format!("child-failed {pid} ")), "{event}");
    subject.admitted("CT");
}

//! Somebody is connected to peers, and to nobody else.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use application_entity::{Connecting, Peer, Peers};
use tempfile::TempDir;
use vocabulary::AeTitle;

use super::{ByConnector, run, socket, take};

const TIMEOUT: Duration = Duration::from_secs(10);

fn peer(title: &str, host: &str, port: u16) -> Peer {
    Peer::at(AeTitle::parse(title).unwrap(), host.to_owned(), port)
}

/// A connector for these peers; it ends with the test.
fn connector(peers: Vec<Peer>) -> (TempDir, ByConnector) {
    let data = TempDir::new().unwrap();
    let listener = catalog::listen(&socket(data.path())).unwrap();
    listener.set_nonblocking(false).unwrap();
    thread::spawn(move || run(&listener, Peers::new(peers), TIMEOUT));
    let by = ByConnector::of(data.path());
    (data, by)
}

#[test]
fn a_peer_is_reached_by_name_and_the_connection_is_the_callers() {
    let there = TcpListener::bind("127.0.0.1:0").unwrap();
    let viewer = peer("VIEWER", "localhost", there.local_addr().unwrap().port());
    let (_data, by) = connector(vec![viewer.clone()]);
    let mut ours = by.connect(&viewer, TIMEOUT).unwrap();
    let (mut theirs, _) = there.accept().unwrap();
    ours.write_all(b"to").unwrap();
    theirs.write_all(b"fro").unwrap();
    // The connector kept no end of it: what is closed here is over there.
    drop(theirs);
    let mut heard = String::new();
    ours.read_to_string(&mut heard).unwrap_or_default();
    assert_eq!(heard, "fro");
}

#[test]
fn what_the_system_says_of_a_peer_is_passed_on() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (down, nowhere) = (peer("DOWN", "127.0.0.1", gone), peer("NOWHERE", "", 104));
    let (_data, by) = connector(vec![down.clone(), nowhere.clone()]);
    assert_eq!(by.connect(&down, TIMEOUT).unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(!by.connect(&nowhere, TIMEOUT).unwrap_err().to_string().is_empty());
}

#[test]
fn nobody_is_connected_to_who_is_no_peer_of_the_configuration() {
    let there = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = there.local_addr().unwrap().port();
    let (data, by) = connector(vec![peer("VIEWER", "127.0.0.1", port)]);
    // Whatever host and port are said to be its own.
    let error = by.connect(&peer("STRANGER", "127.0.0.1", port), TIMEOUT).unwrap_err();
    assert!(error.to_string().contains("no peer of the configuration"), "{error}");
    for nonsense in [&b"127.0.0.1:22"[..], b"", &[0xff; 16], &[b'A'; 100_000]] {
        let line = UnixStream::connect(socket(data.path())).unwrap();
        // Who is not listened to any more may find that out while writing.
        (&line).write_all(nonsense).ok();
        line.shutdown(Shutdown::Write).ok();
        assert!(take(&line).is_err());
    }
    there.set_nonblocking(true).unwrap();
    assert_eq!(there.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn where_there_is_no_connector_that_is_said() {
    let data = TempDir::new().unwrap();
    let nobody = ByConnector::of(data.path()).connect(&peer("VIEWER", "127.0.0.1", 1), Duration::ZERO);
    assert_eq!(nobody.unwrap_err().kind(), std::io::ErrorKind::NotFound);
}

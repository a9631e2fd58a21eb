use std::io::{BufReader, Read};
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread;

use rcgen::CertifiedKey;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection};

use super::*;
use crate::event::{Event, What};
use crate::trail::{Trail, TrailSettings};

fn trail(folder: &Path, records: usize) -> PathBuf {
    let settings = TrailSettings::of(folder, 400, "TEST");
    let directory = settings.directory.clone();
    let mut trail = Trail::open(settings).unwrap();
    for _ in 0..records {
        trail.append(&[Event::new(std::time::SystemTime::UNIX_EPOCH, What::Started)]).unwrap();
    }
    trail.sync().unwrap();
    directory
}

/// Reads so many framed messages.
fn messages(from: &mut dyn Read, count: usize) -> Vec<String> {
    let mut from = BufReader::new(from);
    let mut messages = Vec::new();
    while messages.len() < count {
        let mut digits = String::new();
        let mut byte = [0];
        loop {
            from.read_exact(&mut byte).unwrap();
            if byte[0] == b' ' {
                break;
            }
            digits.push(char::from(byte[0]));
        }
        let mut message = vec![0; digits.parse().unwrap()];
        from.read_exact(&mut message).unwrap();
        messages.push(String::from_utf8(message).unwrap());
    }
    messages
}

fn numbers(messages: &[String]) -> Vec<u64> {
    let number = |message: &String| {
        let (_, rest) = message.split_once("sequenceId=\"").unwrap();
        rest.split_once('"').unwrap().0.parse().unwrap()
    };
    messages.iter().map(number).collect()
}

fn collector(listener: &TcpListener, transport: Transport) -> Collector {
    Collector { host: "localhost".to_owned(), port: listener.local_addr().unwrap().port(), transport }
}

/// Has everything sent that is on record.
fn forward(collector: &Collector, directory: &Path) {
    let (stop, stopped) = UnixStream::pair().unwrap();
    drop(stop);
    Forwarder::new(collector.clone(), directory).unwrap().run(stopped.as_fd()).unwrap();
}

#[test]
fn all_records_go_to_the_collector_once_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let directory = trail(folder.path(), 5);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let collector = collector(&listener, Transport::Tcp);
    let received = thread::spawn(move || {
        let first = messages(&mut listener.accept().unwrap().0, 5);
        (first, messages(&mut listener.accept().unwrap().0, 2))
    });
    forward(&collector, &directory);
    // Nothing is new, so nobody is called.
    forward(&collector, &directory);
    trail(folder.path(), 2);
    forward(&collector, &directory);
    let (first, second) = received.join().unwrap();
    assert_eq!(numbers(&first), [1, 2, 3, 4, 5]);
    assert_eq!(numbers(&second), [6, 7]);
    let (header, message) = first[0].split_once("] \u{feff}").unwrap();
    assert!(header.starts_with("<85>1 1970-01-01T00:00:00.000000Z "), "{header}");
    assert!(header.contains(" isocenter ") && header.contains(" DICOM+RFC3881 [meta "), "{header}");
    assert!(message.starts_with("<AuditMessage>") && message.ends_with("</AuditMessage>"));
}

#[test]
fn what_a_collector_could_not_take_is_sent_when_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let directory = trail(folder.path(), 3);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let there = collector(&listener, Transport::Tcp);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = collector(&nobody, Transport::Tcp);
    drop(nobody);
    forward(&gone, &directory);
    let received = thread::spawn(move || messages(&mut listener.accept().unwrap().0, 3));
    forward(&there, &directory);
    assert_eq!(numbers(&received.join().unwrap()), [1, 2, 3]);
}

#[test]
fn over_tls_only_to_a_collector_of_a_known_authority() {
    let folder = tempfile::tempdir().unwrap();
    let directory = trail(folder.path(), 3);
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let stranger = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (known, unknown) = (folder.path().join("known.pem"), folder.path().join("unknown.pem"));
    std::fs::write(&known, cert.pem()).unwrap();
    std::fs::write(&unknown, stranger.cert.pem()).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let not_known = collector(&listener, Transport::Tls { authorities: unknown });
    let trusted = collector(&listener, Transport::Tls { authorities: known });
    let received = thread::spawn(move || {
        let mut refused = StreamOwned::new(
            ServerConnection::new(Arc::clone(&config)).unwrap(),
            listener.accept().unwrap().0,
        );
        assert!(refused.read(&mut [0; 1]).is_err(), "it went on with a stranger");
        let session = ServerConnection::new(config).unwrap();
        messages(&mut StreamOwned::new(session, listener.accept().unwrap().0), 3)
    });
    forward(&not_known, &directory);
    forward(&trusted, &directory);
    assert_eq!(numbers(&received.join().unwrap()), [1, 2, 3]);
}

#[test]
fn a_file_without_certificates_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "nothing\n").unwrap();
    let collector =
        Collector { host: "localhost".to_owned(), port: 1, transport: Transport::Tls { authorities: empty } };
    let error = Forwarder::new(collector, folder.path()).unwrap_err().to_string();
    assert!(error.contains("empty.pem"), "{error}");
}

//! Both ends of secure connections, each on a thread of its own.

use std::io::{self, ErrorKind, IoSlice};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair, SanType,
};
use upper_layer::Transport;
use upper_layer::script::{End, Script, pair};

use crate::{
    Authorities, Calling, ClientCertificates, Credentials, CredentialsError, Expected, HandshakeFailed,
    Listening, PROFILES, Profile, SUITES, Secured,
};

/// Far enough that no test meets it.
const LONG: Duration = Duration::from_secs(60);

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = named("authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, name: &str) -> (String, String) {
        let mut params = named(name);
        params.subject_alt_names = vec![
            SanType::DnsName("localhost".try_into().unwrap()),
            SanType::IpAddress([127, 0, 0, 1].into()),
        ];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }

    fn credentials(&self, name: &str) -> Credentials {
        let (certificate, key) = self.issue(name);
        Credentials::from_pem(&certificate, &key).unwrap()
    }

    fn trusted(&self) -> Authorities {
        Authorities::from_pem(&self.0.pem()).unwrap()
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn listening(authority: &Authority, clients: ClientCertificates) -> Listening {
    let own = authority.credentials("server");
    Listening::new(Profile::Bcp195, &own, clients, &authority.trusted(), Vec::new()).unwrap()
}

fn calling(authority: &Authority, name: Option<&str>) -> Calling {
    Calling::new(Profile::Bcp195, name.map(|name| authority.credentials(name)), authority.trusted())
}

fn deadline() -> Option<Instant> {
    Some(Instant::now() + LONG)
}

/// Both ends, whatever became of them.
fn shake_hands(
    listening: &Listening,
    calling: &Calling,
    expected: &[Expected],
) -> (Result<Secured<End>, HandshakeFailed>, Result<Secured<End>, HandshakeFailed>) {
    let (ours, theirs) = pair();
    thread::scope(|scope| {
        let server = scope.spawn(|| listening.accept(ours, deadline()));
        let client = calling.connect(theirs, "localhost", expected, deadline());
        (server.join().unwrap(), client)
    })
}

fn connected() -> (Secured<End>, Secured<End>) {
    let authority = Authority::new();
    let listening = listening(&authority, ClientCertificates::Required);
    let (server, client) = shake_hands(&listening, &calling(&authority, Some("modality")), &[]);
    (server.unwrap(), client.unwrap())
}

fn read_all(from: &mut Secured<End>, count: usize) -> Vec<u8> {
    let mut all = Vec::new();
    let mut buffer = vec![0; 100_000];
    while all.len() < count {
        let got = from.read(&mut buffer, deadline()).unwrap();
        assert!(got > 0, "closed after {} of {count} bytes", all.len());
        all.extend_from_slice(&buffer[..got]);
    }
    all
}

#[test]
fn both_ends_know_each_other_and_bytes_arrive_in_order() {
    let (mut server, mut client) = connected();
    assert_eq!(server.certificate().unwrap().names()[0], "modality");
    assert_eq!(client.certificate().unwrap().names(), ["server", "localhost", "127.0.0.1"]);
    assert_eq!((server.version(), server.suite()), ("1.3", Some("TLS13_AES_256_GCM_SHA384")));
    let (head, body): (Vec<u8>, Vec<u8>) = (vec![7; 12], (0..1_000_003_u32).map(|n| n as u8).collect());
    client.write_all(&mut [IoSlice::new(&head), IoSlice::new(&[]), IoSlice::new(&body)], None).unwrap();
    assert!(read_all(&mut server, head.len() + body.len()) == [head, body].concat());
}

#[test]
fn what_was_decrypted_and_not_read_is_readable() {
    let (mut server, mut client) = connected();
    assert!(!server.is_readable().unwrap());
    client.write_all(&mut [IoSlice::new(b"abc")], None).unwrap();
    assert!(server.is_readable().unwrap());
    let mut one = [0; 1];
    for expected in b"abc" {
        assert!(server.is_readable().unwrap());
        assert_eq!(server.read(&mut one, deadline()).unwrap(), 1);
        assert_eq!(one[0], *expected);
    }
    assert!(!server.is_readable().unwrap());
    assert_eq!(server.read(&mut one, Some(Instant::now())).unwrap_err().kind(), ErrorKind::TimedOut);
}

#[test]
fn an_end_by_the_rules_is_told_from_one_that_cuts_something_off() {
    let (mut server, mut client) = connected();
    client.write_all(&mut [IoSlice::new(b"last")], None).unwrap();
    client.close();
    assert_eq!(read_all(&mut server, 4), b"last");
    assert!(server.is_readable().unwrap());
    assert_eq!(server.read(&mut [0; 8], deadline()).unwrap(), 0);

    let (mut server, client) = connected();
    drop(client);
    assert_eq!(server.read(&mut [0; 8], deadline()).unwrap_err().kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn what_came_before_garbage_is_still_had_and_the_garbage_is_an_error_ever_after() {
    let (mut server, mut client) = connected();
    client.write_all(&mut [IoSlice::new(b"good")], None).unwrap();
    let garbage = [&[0x17, 3, 3, 0, 32][..], &[9; 32]].concat();
    client.beneath().write_all(&mut [IoSlice::new(&garbage)], None).unwrap();
    assert_eq!(read_all(&mut server, 4), b"good");
    for _ in 0..3 {
        let error = server.read(&mut [0; 8], deadline()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert!(error.to_string().starts_with("the peer breaks TLS: "), "{error}");
    }
    assert!(server.is_readable().is_err());
}

fn of_script(script: Script) -> HandshakeFailed {
    let authority = Authority::new();
    let deadline = script.now() + Duration::from_secs(30);
    listening(&authority, ClientCertificates::None).accept(script, Some(deadline)).map(drop).unwrap_err()
}

#[test]
fn who_speaks_something_else_is_named() {
    let (script, record) = Script::new();
    let failed = of_script(script.sends([1, 0, 0, 0, 0, 200]).pauses(LONG));
    assert!(matches!(failed, HandshakeFailed::PlainDicom), "{failed}");
    assert!(record.is_closed());
    assert!(matches!(of_script(Script::new().0.sends(*b"GET /")), HandshakeFailed::NotTls(b'G')));
    assert!(matches!(of_script(Script::new().0.closes()), HandshakeFailed::Nothing));
    assert!(matches!(of_script(Script::new().0.sends([0x16, 3]).closes()), HandshakeFailed::Closed));
    let broken = [&[0x16, 3, 1, 0, 4][..], &[0xFF; 4]].concat();
    assert!(matches!(of_script(Script::new().0.sends(broken)), HandshakeFailed::Broken(_)));
}

#[test]
fn a_handshake_ends_at_its_deadline_however_slowly_it_goes_on() {
    let (script, record) = Script::new();
    assert!(matches!(of_script(script), HandshakeFailed::TimedOut));
    assert_eq!(record.elapsed(), Duration::from_secs(30));

    let (mut script, record) = Script::new();
    script = script.sends([0x16, 3, 1, 2, 0, 1, 0, 1, 252]);
    for _ in 0..1_000 {
        script = script.pauses(Duration::from_secs(1)).sends([0]);
    }
    assert!(matches!(of_script(script), HandshakeFailed::TimedOut));
    assert!(record.elapsed() <= Duration::from_secs(31), "{:?}", record.elapsed());
}

#[test]
fn who_shows_no_certificate_is_taken_only_where_it_need_not() {
    let authority = Authority::new();
    for (clients, is_taken) in [
        (ClientCertificates::Required, false),
        (ClientCertificates::Optional, true),
        (ClientCertificates::None, true),
    ] {
        let listening = listening(&authority, clients);
        let (server, _) = shake_hands(&listening, &calling(&authority, None), &[]);
        match server {
            Ok(server) => assert!(is_taken && server.certificate().is_none()),
            Err(failed) => assert!(!is_taken && matches!(failed, HandshakeFailed::NoCertificate), "{failed}"),
        }
    }
}

#[test]
fn a_stranger_is_taken_by_its_fingerprint_alone() {
    let (authority, strange) = (Authority::new(), Authority::new());
    let stranger = strange.credentials("stranger");
    let fingerprint = stranger.certificate().fingerprint();
    let calling = Calling::new(Profile::Bcp195, Some(stranger.clone()), authority.trusted());
    for (known, is_taken) in [(vec![], false), (vec![fingerprint], true)] {
        let own = authority.credentials("server");
        let required = ClientCertificates::Required;
        let listening = Listening::new(Profile::Bcp195, &own, required, &authority.trusted(), known).unwrap();
        let (server, _) = shake_hands(&listening, &calling, &[]);
        assert_eq!(server.is_ok(), is_taken);
    }
    // And the other way round.
    let required = ClientCertificates::None;
    let listening =
        Listening::new(Profile::Bcp195, &stranger, required, &Authorities::none(), Vec::new()).unwrap();
    let (_, refused) = shake_hands(&listening, &calling, &[]);
    assert!(matches!(refused, Err(HandshakeFailed::Certificate(_))));
    let (_, taken) = shake_hands(&listening, &calling, &[Expected::Fingerprint(fingerprint)]);
    assert!(taken.is_ok());
}

#[test]
fn a_server_is_to_be_who_it_is_expected_to_be() {
    let authority = Authority::new();
    let listening = listening(&authority, ClientCertificates::None);
    let calling = calling(&authority, None);
    for (expected, is_taken) in [("server", true), ("LOCALHOST", true), ("127.0.0.1", true), ("other", false)]
    {
        let (_, client) = shake_hands(&listening, &calling, &[expected.parse().unwrap()]);
        assert_eq!(client.is_ok(), is_taken, "{expected}");
    }
    let (ours, theirs) = pair();
    let client = thread::scope(|scope| {
        let server = scope.spawn(|| listening.accept(ours, deadline()).map(drop));
        let client = calling.connect(theirs, "elsewhere.example", &[], deadline()).map(drop);
        server.join().unwrap().unwrap_err();
        client
    });
    assert!(client.unwrap_err().to_string().contains("not for the host"));
}

#[test]
fn a_fingerprint_is_read_as_tools_write_it() {
    let certificate = Authority::new().credentials("one").certificate().clone();
    let text = certificate.fingerprint().to_string();
    let digits = text.strip_prefix("sha256:").unwrap().to_uppercase();
    let with_colons: Vec<String> =
        digits.as_bytes().chunks(2).map(|two| String::from_utf8(two.into()).unwrap()).collect();
    for written in [text.clone(), format!("SHA256:{}", with_colons.join(":"))] {
        let expected: Expected = written.parse().unwrap();
        assert!(Expected::is_among(&[expected], &certificate), "{written}");
    }
    for wrong in ["sha256:", "sha256:12", &format!("{text}0"), &text.replace(':', ":x")] {
        assert!(wrong.parse::<Expected>().is_err(), "{wrong}");
    }
}

#[test]
fn what_is_wrong_with_files_is_said() {
    let authority = Authority::new();
    let ((one, key), (_, other)) = (authority.issue("one"), authority.issue("two"));
    let refused = |certificate: &str, key: &str| Credentials::from_pem(certificate, key).unwrap_err();
    assert!(matches!(refused(&one, &other), CredentialsError::Mismatch));
    assert!(matches!(refused(&one, "nothing"), CredentialsError::NoKey));
    assert!(matches!(refused("nothing", &key), CredentialsError::NoCertificate));
    assert!(matches!(refused(&one.replace("END", "ENT"), &key), CredentialsError::Pem(_)));
    let own = Credentials::from_pem(&one, &key).unwrap();
    assert!(!format!("{own:?}").contains("PRIVATE"));
    assert!(own.certificate().valid_for(SystemTime::now()).is_some());
}

#[test]
fn the_table_names_what_is_negotiated() {
    for profile in PROFILES {
        let named: Vec<&str> = profile.suites().map(|suite| suite.name).collect();
        let negotiated: Vec<String> = profile
            .provider()
            .cipher_suites
            .iter()
            .map(|suite| suite.suite().as_str().unwrap_or_default().replace("TLS13_", "TLS_"))
            .collect();
        assert_eq!(named, negotiated);
    }
    let missing: Vec<&str> =
        SUITES.iter().filter(|suite| !suite.is_supported()).map(|suite| suite.name).collect();
    assert!(missing.iter().all(|name| name.starts_with("TLS_DHE_")), "{missing:?}");
    let listed = |suite: &str| Profile::NonDowngradingBcp195.suites().any(|row| row.name.contains(suite));
    assert!(listed("GCM") && !listed("CHACHA20"));
}

#[test]
fn a_write_that_fails_fails_as_it_does_beneath() {
    let (server, mut client) = connected();
    drop(server);
    let error = client.write_all(&mut [IoSlice::new(&[0; 100])], None).unwrap_err();
    assert_eq!(io::Error::kind(&error), ErrorKind::BrokenPipe);
}

use proptest::collection::vec;
use proptest::prelude::*;
use ring::hmac;
use serde_json::{Value, json};

use super::*;
use crate::rights::Right;

/// The hash of `open sesame`, as cheap as Argon2 has them: tests run unoptimized.
const SESAME: &str =
    "$argon2id$v=19$m=8,t=1,p=1$BwcHBwcHBwcHBwcHBwcHBw$amfOi4UbM9xNb5APh8OHsqCl2/TL6CTmZZFmo+Akk/c";

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

// Made for these tests; each token is ann's, from https://login.example for isocenter, and expires in 2100.
const RS256_KEY: &str = "\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqtsW1Gum7Ux1OlsP9Ti6
C7F3OtfUpnZxqPwXdOamOSv22KC7uU/NPsd5ILtLiFaKmEVi+9NIu8LBCmQ6nQwU
ROxBFVP/897WZxd+PTozjZeF2wlaYdfOvkgfC0B5DpJOctUMegFTWM4msKsFW2xi
Bv5N2JPYoVZdJE382kAEmGQo5yLYrJ8l/gcL6rfoKygMouq9jYCDB4BDgDj321Ke
aIvIe0h8oxXs53h1uZsUVyKY5q4t53Dvqf/bLVP6aKZ0z8yeyVwQ8u2GhY7wme7X
1k5aAdIpalUeFMU1jlx8fGJn5S3jdYQ1o9ylUOCT/O6x4kdZLCrxJgznf8zhQD2X
pQIDAQAB
-----END PUBLIC KEY-----
";

const RS256_TOKEN: &str = "\
    eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJhdWQiOiJpc29jZW50ZXI\
    iLCJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDB9.TnofN6XWLCsygieP9V4vI9IpP2dbZ_ev4LkmY90oDj7qtb6Y3nHcCH3viZ\
    P4Y1VF97kQZO49DKJZXb8yvW2nVTOhZtndUMdgkUqrWP8j7-vYgrfCD67bQsRhkXyB0KKK0fWg4VvNOXGFvtx5uI81ysvHmTNzBW\
    X7adIt89RiIF-eJrcF1QUawtKLfRc4nz1ld3IbThAs7odH11SoN0QOm5YqTJH3SzMi49Cb20uPsGTXKBVIYVqWk2IvUGdmdELQM6\
    GCsFLrElooNuCLJLU12ZPVcOmjXU54KYHzWvkZkbRKysjPTiSjodYh6sAbPzhGr_fAE4eY9rz0kA5EMoaH1A";

const ES256_KEY: &str = "\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEo8n81IwhK4FjlhXbaEdzfAhnB4r8
8S5tEc7t+BXpYRWOX6AdxfmysdWpqB0VLDzd2/+kjs8Y8ucy+swmMnQNLQ==
-----END PUBLIC KEY-----
";

const ES256_TOKEN: &str = "\
    eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJhdWQiOiJpc29jZW50ZXI\
    iLCJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDB9.svXda2SAN7lLw9h0ND7Mza6JGVI9V27zQXHdoI6oUgU4LEk4DkLKRlnxdV\
    eomRrrxpZxJOmjpQfVqDyOlNpW4w";

const EDDSA_KEY: &str = "\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA+1AumJ4BTzeJMt3iicL2vLhcT7KrO7VQhW5+fm2flXY=
-----END PUBLIC KEY-----
";

const EDDSA_TOKEN: &str = "\
    eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJhdWQiOiJpc29jZW50ZXI\
    iLCJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDB9.ew5zyLIuH95PDa6OiUEv2ZvXSQ7BIydzopzyU1DHFb_ksmBIoPD7OKZX5i\
    RahjBe4chrcV1pZWkF8NbXjr6DBw";

fn identity(identity_type: u8, primary: &[u8], secondary: &[u8]) -> UserIdentity {
    UserIdentity {
        identity_type,
        positive_response_requested: true,
        primary: primary.to_vec(),
        secondary: secondary.to_vec(),
    }
}

fn user(name: &str, passcode: Option<&str>) -> User {
    User {
        name: name.to_owned(),
        passcode: passcode.map(|hash| PasscodeHash::parse(hash).unwrap()),
        rights: Rights { store: false, ..Rights::ALL },
    }
}

fn key_of(algorithm: Algorithm, key: &[u8], key_id: Option<&str>) -> TokenKey {
    let (issuer, audience) = ("https://login.example".to_owned(), "isocenter".to_owned());
    let rights = Rights { find: false, ..Rights::ALL };
    TokenKey::new(algorithm, key, issuer, audience, key_id.map(str::to_owned), rights).unwrap()
}

fn users() -> Users {
    let users = vec![user("ann", Some(SESAME)), user("kiosk", None)];
    Users::new(users, vec![key_of(Algorithm::Hs256, SECRET, None)])
}

fn identify(users: &Users, identity: &UserIdentity) -> Result<Identified, IdentityRefused> {
    users.identify(identity, &mut || true)
}

fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for digit in 0..=three.len() {
            text.push(char::from(DIGITS[(bits >> (18 - 6 * digit)) as usize & 63]));
        }
    }
    text
}

fn hs256(secret: &[u8], header: &Value, claims: &Value) -> Vec<u8> {
    let message = [header, claims].map(|part| base64url(part.to_string().as_bytes())).join(".");
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
    format!("{message}.{}", base64url(tag.as_ref())).into_bytes()
}

fn claims() -> Value {
    json!({"iss": "https://login.example", "aud": ["other", "isocenter"], "sub": "ann", "exp": 4_102_444_800_u64})
}

/// The claims of [`claims`] with one of them otherwise; null: without it.
fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    claims
}

fn with_claims(claims: &Value) -> Result<Identified, IdentityRefused> {
    identify(&users(), &identity(5, &hs256(SECRET, &json!({"alg": "HS256"}), claims), b""))
}

#[test]
fn sil_009_a_passcode_is_taken_from_its_user_and_from_nobody_else() {
    let users = users();
    let ann = identify(&users, &identity(2, b"ann", b"open sesame")).unwrap();
    assert_eq!(ann.name, "ann");
    assert!(!ann.grants[0].rights.store);
    for (name, passcode) in [
        ("ann", ""),
        ("ann", "open sesame "),
        ("ann", "Open sesame"),
        ("Ann", "open sesame"),
        ("ann ", "open sesame"),
        ("kiosk", "open sesame"),
        ("kiosk", ""),
        ("", ""),
    ] {
        let refused = identify(&users, &identity(2, name.as_bytes(), passcode.as_bytes())).unwrap_err();
        assert!(
            matches!(refused, IdentityRefused::WrongPasscode(_) | IdentityRefused::UnknownUser(_)),
            "{name} {passcode}: {refused}"
        );
        assert!(!refused.to_string().contains("sesame"), "{refused}");
    }
}

#[test]
fn sil_009_a_name_alone_does_only_for_who_has_no_passcode() {
    let users = users();
    assert_eq!(identify(&users, &identity(1, b"kiosk", b"")).unwrap().name, "kiosk");
    let refused = identify(&users, &identity(1, b"ann", b"open sesame")).unwrap_err();
    assert!(matches!(refused, IdentityRefused::PasscodeMissing(_)), "{refused}");
    let refused = identify(&users, &identity(1, b"bob", b"")).unwrap_err();
    assert!(matches!(refused, IdentityRefused::UnknownUser(_)), "{refused}");
}

/// Whoever is unknown waits for a turn and is hashed for as those are who are known.
#[test]
fn sil_009_every_passcode_waits_for_its_turn_and_nothing_else_does() {
    let users = users();
    for name in ["ann", "bob", "kiosk"] {
        let refused =
            users.identify(&identity(2, name.as_bytes(), b"open sesame"), &mut || false).unwrap_err();
        assert!(matches!(refused, IdentityRefused::Busy(_)), "{name}: {refused}");
    }
    assert!(users.identify(&identity(1, b"kiosk", b""), &mut || false).is_ok());
    let token = hs256(SECRET, &json!({"alg": "HS256"}), &claims());
    assert!(users.identify(&identity(5, &token, b""), &mut || false).is_ok());
}

#[test]
fn sil_009_nothing_is_hashed_or_parsed_that_is_longer_than_its_bound() {
    let mut turns = 0;
    for (identity_type, primary, secondary) in [
        (1, USER_NAME_BYTES_MAX + 1, 0),
        (2, USER_NAME_BYTES_MAX + 1, 1),
        (2, 3, PASSCODE_BYTES_MAX + 1),
        (5, TOKEN_BYTES_MAX + 1, 0),
    ] {
        let identity = identity(identity_type, &vec![b'x'; primary], &vec![b'x'; secondary]);
        let refused = users().identify(&identity, &mut || {
            turns += 1;
            true
        });
        assert!(matches!(refused, Err(IdentityRefused::TooLong { .. })), "{identity_type}");
    }
    assert_eq!(turns, 0);
}

#[test]
fn sil_009_kerberos_saml_and_what_nobody_knows_are_not_supported() {
    for (identity_type, name) in
        [(3, "Kerberos"), (4, "SAML"), (0, "unknown"), (6, "unknown"), (255, "unknown")]
    {
        let identity = identity(identity_type, b"ann", b"open sesame");
        assert!(!Users::supports(&identity));
        let refused = identify(&users(), &identity).unwrap_err();
        assert_eq!(refused, IdentityRefused::NotSupported(identity_type));
        assert!(refused.to_string().contains(name), "{refused}");
    }
}

#[test]
fn sil_009_a_hash_is_made_and_read_back() {
    let hash = PasscodeHash::make(b"open sesame").unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert_ne!(hash, PasscodeHash::make(b"open sesame").unwrap(), "each has a salt of its own");
    let parsed = PasscodeHash::parse(&hash).unwrap();
    assert_eq!(parsed.is_of(b"open sesame"), Ok(true));
    assert_eq!(parsed.is_of(b"open says me"), Ok(false));
    assert!(!format!("{parsed:?}").contains(&hash[40..]), "no hash in a log");
    for wrong in [
        "",
        "open sesame",
        "$argon2i$v=19$m=8,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    ] {
        assert!(PasscodeHash::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn sil_009_a_token_brings_the_rights_of_its_key_and_of_its_subject() {
    let identified = with_claims(&claims()).unwrap();
    assert_eq!(identified.name, "ann");
    let granted =
        crate::rights::Granted::by(identified.grants[0].clone()).and(identified.grants[1..].to_vec());
    assert_eq!(granted.denies(Right::Find), Some(&Whose::TokenKey("https://login.example".to_owned())));
    assert_eq!(granted.denies(Right::Store), Some(&Whose::User("ann".to_owned())));
    let stranger = with_claims(&claims_with("sub", json!("zoe"))).unwrap();
    assert_eq!((stranger.name.as_str(), stranger.grants.len()), ("zoe", 1));
}

#[test]
fn sil_009_a_token_is_refused_that_is_old_early_or_for_somebody_else() {
    for (name, value) in [
        ("exp", json!(1_000_000_000)),
        ("exp", json!("4102444800")),
        ("exp", Value::Null),
        ("nbf", json!(4_102_444_700_u64)),
        ("nbf", json!("yesterday")),
        ("iss", json!("https://elsewhere.example")),
        ("iss", Value::Null),
        ("aud", json!("another archive")),
        ("aud", json!(["another archive"])),
        ("aud", Value::Null),
        ("sub", Value::Null),
        ("sub", json!(7)),
    ] {
        let refused = with_claims(&claims_with(name, value.clone()));
        assert!(matches!(refused, Err(IdentityRefused::Token(_))), "{name} {value}: {refused:?}");
    }
    assert!(with_claims(&claims_with("nbf", json!(1_000_000_000))).is_ok());
    assert!(with_claims(&claims_with("aud", json!("isocenter"))).is_ok());
    assert!(with_claims(&json!([])).is_err());
}

#[test]
fn sil_009_every_algorithm_verifies_its_own_tokens_and_no_others() {
    let all = [
        (Algorithm::Rs256, RS256_KEY, RS256_TOKEN),
        (Algorithm::Es256, ES256_KEY, ES256_TOKEN),
        (Algorithm::EdDsa, EDDSA_KEY, EDDSA_TOKEN),
    ];
    for (algorithm, key, token) in all {
        let users = Users::new(vec![], vec![key_of(algorithm, key.as_bytes(), None)]);
        assert_eq!(
            identify(&users, &identity(5, token.as_bytes(), b"")).unwrap().name,
            "ann",
            "{algorithm:?}"
        );
        let (message, signature) = token.rsplit_once('.').unwrap();
        let flipped = match signature.strip_prefix('A') {
            Some(rest) => format!("B{rest}"),
            None => format!("A{}", &signature[1..]),
        };
        for wrong in [format!("{message}.{flipped}"), format!("{message}."), message.to_owned()] {
            assert!(identify(&users, &identity(5, wrong.as_bytes(), b"")).is_err(), "{wrong}");
        }
        for (other, _, token) in all.iter().filter(|(other, ..)| *other != algorithm) {
            assert!(
                identify(&users, &identity(5, token.as_bytes(), b"")).is_err(),
                "{other:?} by {algorithm:?}"
            );
        }
    }
}

/// RFC 8725 2.1 and 2.2: what a token says of its algorithm is nothing to go by.
#[test]
fn sil_009_no_token_chooses_its_algorithm() {
    let users = Users::new(vec![], vec![key_of(Algorithm::Rs256, RS256_KEY.as_bytes(), None)]);
    // The public key, as the secret of an HMAC.
    for secret in [RS256_KEY.as_bytes(), RS256_KEY.trim_end().as_bytes()] {
        let token = hs256(secret, &json!({"alg": "HS256"}), &claims());
        assert!(identify(&users, &identity(5, &token, b"")).is_err());
        let lying = hs256(secret, &json!({"alg": "RS256"}), &claims());
        assert!(identify(&users, &identity(5, &lying, b"")).is_err());
    }
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "None"}),
        json!({"alg": ""}),
        json!({}),
        json!({"alg": "HS512"}),
    ] {
        let token = hs256(SECRET, &header, &claims());
        assert!(identify(&super::tests::users(), &identity(5, &token, b"")).is_err(), "{header}");
        let text = String::from_utf8(token).unwrap();
        let unsigned = format!("{}.", text.rsplit_once('.').unwrap().0);
        assert!(
            identify(&super::tests::users(), &identity(5, unsigned.as_bytes(), b"")).is_err(),
            "{header}"
        );
    }
}

#[test]
fn sil_009_a_key_with_an_id_is_tried_for_tokens_that_name_it() {
    let other = b"fedcba9876543210fedcba9876543210";
    let keys = vec![key_of(Algorithm::Hs256, other, Some("2")), key_of(Algorithm::Hs256, SECRET, Some("1"))];
    let users = Users::new(vec![], keys);
    let signed = |secret: &[u8], header| identity(5, &hs256(secret, &header, &claims()), b"");
    assert!(identify(&users, &signed(SECRET, json!({"alg": "HS256", "kid": "1"}))).is_ok());
    assert!(identify(&users, &signed(other, json!({"alg": "HS256", "kid": "2"}))).is_ok());
    assert!(identify(&users, &signed(SECRET, json!({"alg": "HS256", "kid": "2"}))).is_err());
    assert!(identify(&users, &signed(SECRET, json!({"alg": "HS256", "kid": "../1"}))).is_err());
    assert!(identify(&users, &signed(SECRET, json!({"alg": "HS256"}))).is_err());
}

#[test]
fn sil_009_what_is_no_key_is_said_when_it_is_read() {
    let key = |algorithm, bytes: &[u8]| {
        TokenKey::new(algorithm, bytes, String::new(), String::new(), None, Rights::ALL).unwrap_err()
    };
    assert_eq!(key(Algorithm::Hs256, &SECRET[1..]), TokenKeyError::ShortSecret(31));
    for (algorithm, other) in [
        (Algorithm::Rs256, ES256_KEY),
        (Algorithm::Es256, EDDSA_KEY),
        (Algorithm::EdDsa, RS256_KEY),
        (Algorithm::Es256, ""),
    ] {
        assert!(matches!(key(algorithm, other.as_bytes()), TokenKeyError::NoKey(..)), "{algorithm:?}");
    }
}

#[test]
fn sil_009_a_name_in_the_log_is_short_and_on_one_line() {
    let refused = identify(&users(), &identity(1, b"a\nERROR forged\x1b[2J\xff", b"")).unwrap_err();
    let text = refused.to_string();
    assert!(!text.contains(char::is_control), "{text:?}");
    let refused = identify(&users(), &identity(1, &[b'x'; 200], b"")).unwrap_err();
    assert!(refused.to_string().len() < 120, "{refused}");
}

proptest! {
    #[test]
    fn sil_009_no_bytes_are_anybody(identity_type: u8, primary in vec(any::<u8>(), 0..300), secondary in vec(any::<u8>(), 0..300)) {
        let identified = identify(&users(), &identity(identity_type, &primary, &secondary));
        prop_assert!(identified.is_err() || primary == b"kiosk");
    }

    #[test]
    fn sil_009_no_text_in_three_parts_is_a_token(header in "[A-Za-z0-9_-]{0,80}", payload in "[A-Za-z0-9_-]{0,80}", signature in "[A-Za-z0-9_-]{0,80}") {
        let token = format!("{header}.{payload}.{signature}");
        prop_assert!(identify(&users(), &identity(5, token.as_bytes(), b"")).is_err());
    }
}

//! What an operator gets wrong is refused with where, what, and what is allowed; all of it at once.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

use std::path::PathBuf;

use configuration::{Configuration, Sources, effective};
use proptest::prelude::{any, proptest};

/// A file with this text, and the directory that holds it.
fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("isocenter.toml");
    std::fs::write(&path, text).unwrap();
    (directory, path)
}

/// The errors of a file, each without the directory in front.
fn mistakes(text: &str) -> Vec<String> {
    let (directory, path) = file(text);
    let errors = effective(&Sources::default().file(path)).expect_err("a mistake");
    let prefix = format!("{}/", directory.path().display());
    errors.iter().map(|error| error.to_string().replace(&prefix, "")).collect()
}

#[test]
fn a_wrong_value_names_file_line_column_key_and_what_is_allowed() {
    assert_eq!(
        mistakes("[storage-scp]\nae-title = \"CT\"\nassociations = 0\n"),
        [
            "isocenter.toml:3:16: storage-scp.associations = 0 is not allowed: allowed is a whole number from 1 to 10000"
        ]
    );
    assert_eq!(
        mistakes("preset = \"strict\"\n"),
        ["isocenter.toml:1:10: preset = \"strict\" is not allowed: allowed is \"standard\" or \"annex-f\""]
    );
}

#[test]
fn an_unknown_key_names_the_one_that_was_meant() {
    let unknown = |line: &str, meant: &str| {
        let mistakes = mistakes(line);
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert!(mistakes[0].contains(&format!("did you mean \"{meant}\"?")), "{mistakes:?}");
    };
    unknown("storage-scp.asociations = 10", "storage-scp.associations");
    unknown("[storage_scp]\nassociations = 10", "storage-scp");
    unknown("[storage-scp]\nae_title = \"A\"", "storage-scp.ae-title");
    unknown("[query-retrieve-scp]\nsync = \"none\"", "storage-scp.sync");
    unknown("[storage-spc]\nassociations = 5", "storage-scp");
    unknown("pre-set = \"standard\"", "preset");
    unknown("Isolation = \"thread\"", "isolation");
    unknown("[[peers]]\nae-title = \"A\"", "peer");
    unknown("[[peer]]\naetitle = \"A\"\nae-title = \"B\"\nhost = \"b\"", "peer.ae-title");
}

#[test]
fn a_key_like_no_other_is_refused_without_a_guess() {
    let mistakes = mistakes("[orthanc]\nDicomModalities = 1\n");
    assert_eq!(mistakes.len(), 1);
    assert!(
        mistakes[0].starts_with("isocenter.toml:2:1: there is no setting \"orthanc.DicomModalities\"; "),
        "{mistakes:?}"
    );
}

#[test]
fn every_mistake_is_reported_at_once() {
    let text = "isolation = 3\n[storage-scp]\nidle-timeout = 30\nallowed-addresses = [\"10.0.0.1/8\"]\n[web]\nlisten = true\n";
    let mistakes = mistakes(text);
    let lines: Vec<&str> = mistakes.iter().map(|mistake| mistake.split(" is not").next().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "isocenter.toml:1:13: isolation = 3",
            "isocenter.toml:3:16: storage-scp.idle-timeout = 30",
            "isocenter.toml:4:21: storage-scp.allowed-addresses = [\"10.0.0.1/8\"]",
            "isocenter.toml:6:10: web.listen = true",
        ]
    );
    assert!(mistakes[1].contains("with its unit: ms, s, min, h or d"), "{mistakes:?}");
}

#[test]
fn what_is_not_toml_is_refused_where_it_breaks() {
    let mistakes = mistakes("[storage-scp]\nassociations = \n");
    assert!(mistakes[0].starts_with("isocenter.toml:2:1"), "{mistakes:?}");
    assert!(mistakes[0].contains("this is not TOML"), "{mistakes:?}");
    let twice = self::mistakes("preset = \"standard\"\npreset = \"annex-f\"\n");
    assert!(
        twice[0].starts_with("isocenter.toml:2:1: this is not TOML: duplicate key, in \"preset = "),
        "{twice:?}"
    );
    let open = self::mistakes("preset = \"standard\"\n[storage-scp\nassociations = 5\n");
    assert!(open[0].starts_with("isocenter.toml:2:"), "{open:?}");
    assert_eq!(open.len(), 1, "what is right would be refused for nothing: {open:?}");
}

#[test]
fn a_file_that_is_no_text_is_refused_as_that() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("isocenter.toml");
    std::fs::write(&path, [0x7F, b'E', b'L', b'F', 0xFF]).unwrap();
    let errors = effective(&Sources::default().file(path)).expect_err("a mistake");
    assert!(errors[0].to_string().contains("no text (UTF-8)"), "{errors:?}");
}

#[test]
fn columns_count_characters() {
    let mistakes =
        mistakes("log = { format = \"täxt\", level = \"laut\" }\nstorage-scp.ae-title = \"RÖNTGEN\"");
    assert!(mistakes.iter().any(|m| m.starts_with("isocenter.toml:1:34: log.level")), "{mistakes:?}");
    assert!(
        mistakes.iter().any(|m| m.starts_with("isocenter.toml:2:24: storage-scp.ae-title")),
        "{mistakes:?}"
    );
}

#[test]
fn a_value_of_another_type_is_refused() {
    for line in [
        "storage-scp.associations = \"10\"",
        "storage-scp.associations = 1.0",
        "storage-scp.associations = -1",
        "storage-scp.max-pdu = \"128 kB\"",
        "storage-scp.allowed-calling-ae-titles = \"CT\"",
        "storage-scp.check-called-ae-title = \"true\"",
        "storage-scp.listen = \"localhost:4000\"",
        "storage-scp.listen = 4000",
        "storage-scp = 3",
        "peer = \"VIEWER\"",
        "peer = [3]",
        "[peer]\nae-title = \"VIEWER\"",
        "data = \"\"",
    ] {
        assert_eq!(mistakes(line).len(), 1, "{line}");
    }
}

#[test]
fn numbers_may_be_written_in_every_way_of_toml() {
    let (_directory, path) =
        file("storage-scp.max-pdu = 0x1_0000\nquery-retrieve-scp.max-pdu = \"64 KiB\"\n");
    let held = effective(&Sources::default().file(path)).unwrap().configuration;
    assert_eq!(held.storage_scp.acceptor.max_pdu, 65_536);
    assert_eq!(held.query_retrieve_scp.acceptor.max_pdu, 65_536);
}

#[test]
fn a_peer_needs_a_title_and_a_host_and_a_title_of_its_own() {
    let text = "[[peer]]\nae-title = \"A\"\n[[peer]]\nhost = \"b\"\n[[peer]]\nae-title = \"C\"\nhost = \"c\"\n\
                [[peer]]\nae-title = \"C\"\nhost = \"d\"\nport = 0\n[[peer]]\nae-title = \"C\"\nhost = \"e\"\n";
    let mistakes = mistakes(text);
    assert_eq!(mistakes.len(), 5, "{mistakes:?}");
    assert!(mistakes[0].starts_with("isocenter.toml:1:1: this [[peer]] has no host"), "{mistakes:?}");
    assert!(mistakes[1].starts_with("isocenter.toml:3:1: this [[peer]] has no ae-title"), "{mistakes:?}");
    assert!(
        mistakes[2].starts_with("isocenter.toml:8:1: the AE title C has a [[peer]] already"),
        "{mistakes:?}"
    );
    assert!(mistakes[3].starts_with("isocenter.toml:11:8: peer.port = 0 is not allowed"), "{mistakes:?}");
    assert!(
        mistakes[4].starts_with("isocenter.toml:12:1: the AE title C has a [[peer]] already"),
        "{mistakes:?}"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let errors = effective(&Sources::default().file("/nowhere/isocenter.toml")).unwrap_err();
    assert!(errors[0].to_string().starts_with("/nowhere/isocenter.toml: cannot read the configuration: "));
}

#[test]
fn the_command_line_and_the_environment_are_checked_alike() {
    let sources = Sources::default()
        .environment([("ISOCENTER_STORAGE_SCP__ASSOCIATION", "5"), ("ISOCENTER_ISOLATION", "fiber")])
        .set("storage-scp.sink=none")
        .set("data");
    let mistakes: Vec<String> = effective(&sources).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        mistakes,
        [
            "environment variable ISOCENTER_STORAGE_SCP__ASSOCIATION: there is no setting \
             \"ISOCENTER_STORAGE_SCP__ASSOCIATION\"; did you mean \"ISOCENTER_STORAGE_SCP__ASSOCIATIONS\"?",
            "environment variable ISOCENTER_ISOLATION: isolation = \"fiber\" is not allowed: \
             allowed is \"process\" or \"thread\"",
            "command line, --set: there is no setting \"storage-scp.sink\"; did you mean \"storage-scp.sync\"?",
            "command line, --set: \"data\" is not key=value, such as --set storage-scp.associations=20",
        ]
    );
}

#[test]
fn a_path_that_is_not_unicode_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let value = std::ffi::OsStr::from_bytes(b"/srv/\xff");
    let sources = Sources::default().environment([(std::ffi::OsStr::new("ISOCENTER_DATA"), value)]);
    assert_eq!(effective(&sources).unwrap_err().len(), 1);
}

#[test]
fn sealed_bytes_of_another_program_are_refused() {
    assert!(Configuration::from_sealed(b"").is_err());
    assert!(Configuration::from_sealed(b"{\"preset\":\"Standard\"}").is_err());
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let deep = format!("data = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    let (_directory, path) = file(&deep);
    assert!(effective(&Sources::default().file(path)).is_err());
}

proptest! {
    #[test]
    fn any_file_is_held_or_refused(text in "[a-z=\\[\\]\"'.{}0-9é\\-\\n #]{0,200}") {
        let (_directory, path) = file(&text);
        match effective(&Sources::default().file(path)) {
            Ok(held) => {
                let sealed = held.configuration.to_sealed().unwrap();
                assert_eq!(Configuration::from_sealed(&sealed).unwrap(), held.configuration);
            }
            Err(errors) => assert!(!errors.is_empty()),
        }
    }

    #[test]
    fn any_assignment_of_no_setting_is_refused(key in any::<String>(), value in any::<String>()) {
        let errors = effective(&Sources::default().set(format!("x{key}={value}"))).unwrap_err();
        assert_eq!(errors.len(), 1);
    }
}

//! The table of settings agrees with itself, with the structs, and with the page that is printed from it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::collections::HashSet;

use configuration::{
    Kind, Preset, SECTIONS, Section, Setting, Sources, Value, Words, effective, reference, settings,
};

/// A value that differs from the default under preset standard.
fn another(setting: &Setting) -> String {
    another_of(&setting.kind, setting.standard)
}

fn another_of(kind: &Kind, default: &str) -> String {
    match kind {
        Kind::Flag => (default == "false").to_string(),
        Kind::Count { min, max } => if default == min.to_string() { max } else { min }.to_string(),
        Kind::Bytes { min, max } => if default == min.to_string() { max } else { min }.to_string(),
        Kind::Duration { max, .. } => format!("{} ms", max.as_millis()),
        Kind::Text { .. } | Kind::Path => "elsewhere".to_owned(),
        Kind::AeTitle => "ANOTHER".to_owned(),
        Kind::Uid => "1.2.840.10008.1.2".to_owned(),
        Kind::Address | Kind::AddressOrOff => "127.0.0.1:4999".to_owned(),
        Kind::PathOrOff => "elsewhere".to_owned(),
        Kind::PasscodeHash => "off".to_owned(),
        Kind::TextOrOff { .. } => "OT".to_owned(),
        Kind::DateOrOff => "19000101".to_owned(),
        Kind::DecimalOrOff => "127.5".to_owned(),
        Kind::AddressRange => "10.0.0.0/8".to_owned(),
        Kind::Word(words) => words.iter().find(|word| word.word != default).unwrap().word.to_owned(),
        Kind::List(kind) => another_of(kind, default),
    }
}

/// The keys under which two JSON values differ.
fn differences(path: &str, one: &serde_json::Value, other: &serde_json::Value) -> Vec<String> {
    match (one, other) {
        (serde_json::Value::Object(one), serde_json::Value::Object(other)) if one.contains_key("nanos") => {
            if one == other {
                Vec::new()
            } else {
                vec![path.to_owned()]
            }
        }
        (serde_json::Value::Object(one), serde_json::Value::Object(other)) => {
            let deeper = |(key, value)| differences(&format!("{path}.{key}"), value, &other[key]);
            one.iter().flat_map(deeper).collect()
        }
        _ if one == other => Vec::new(),
        _ => vec![path.to_owned()],
    }
}

#[test]
fn every_default_is_allowed_under_both_presets() {
    for setting in settings() {
        for preset in [Preset::Standard, Preset::AnnexF] {
            let text = setting.default_text(preset);
            assert!(setting.kind.read(text).is_some(), "{}: {text:?}", setting.key);
        }
    }
    for preset in ["standard", "annex-f"] {
        effective(&Sources::default().set(format!("preset={preset}"))).unwrap();
    }
}

#[test]
fn each_setting_ends_in_the_field_of_its_name_and_in_no_other() {
    let json = |sources: &Sources| {
        let sealed = effective(sources).unwrap().configuration.to_sealed().unwrap();
        serde_json::from_slice::<serde_json::Value>(&sealed).unwrap()
    };
    for setting in settings().filter(|setting| setting.key != "preset") {
        let with = match setting.key {
            // Alone it would break a rule across settings.
            "audit.syslog-host" => Sources::default().set("audit.syslog-authorities=ca.pem"),
            _ => Sources::default(),
        };
        let defaults = json(&with);
        let changed = json(&with.set(format!("{}={}", setting.key, another(setting))));
        let fields: Vec<String> = differences("", &defaults, &changed)
            .iter()
            .map(|field| field.trim_start_matches('.').replace("acceptor.", "").replace('_', "-"))
            .collect();
        assert_eq!(fields, [setting.key]);
    }
}

#[test]
fn every_value_is_written_as_it_is_read() {
    for setting in settings() {
        for text in [setting.standard, setting.annex_f, &another(setting)] {
            let value = setting.kind.read(text).unwrap();
            assert_eq!(setting.kind.read(&value.to_string()), Some(value.clone()), "{}", setting.key);
            let directory = tempfile::tempdir().unwrap();
            let file = directory.path().join("isocenter.toml");
            std::fs::write(&file, format!("{} = {}\n", setting.key, value.to_toml())).unwrap();
            let held = effective(&Sources::default().file(&file));
            // On its own a value may break a rule across settings, which is another test's concern.
            if let Ok(held) = held {
                assert_eq!(held.holding(setting.key).unwrap().value, value, "{}", setting.key);
            }
        }
    }
}

#[test]
fn keys_and_environment_names_are_unique_and_kebab_case() {
    let mut seen = HashSet::new();
    for setting in SECTIONS.iter().flat_map(Section::settings) {
        assert!(seen.insert(setting.key.to_owned()), "{} twice", setting.key);
        assert!(seen.insert(setting.environment_name()), "{} twice", setting.environment_name());
        assert!(
            setting.key.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'.'),
            "{}",
            setting.key
        );
    }
    let name = configuration::find("storage-scp.associations").unwrap().environment_name();
    assert_eq!(name, "ISOCENTER_STORAGE_SCP__ASSOCIATIONS");
}

#[test]
fn every_text_is_a_sentence_and_every_requirement_an_id() {
    for setting in SECTIONS.iter().flat_map(Section::settings) {
        assert!(setting.short.ends_with('.'), "{}", setting.key);
        assert!(setting.long.is_empty() || setting.long.ends_with('.'), "{}", setting.key);
        assert!(!setting.caption.is_empty() && !setting.caption.ends_with('.'), "{}", setting.key);
        for id in setting.requirements {
            let (series, number) = id.split_once('-').unwrap();
            assert!(series.bytes().all(|b| b.is_ascii_uppercase()) && number.len() == 3, "{id}");
        }
    }
}

/// PS3.2 F.4.4: each parameter that this version has a use for, with the default that annex F gives.
/// shows: CFG-005, CFG-006, CFG-007, CFG-008, CFG-009, CFG-010, CFG-011, CFG-013, CFG-014, CFG-015, CFG-020, CFG-021
/// shows: CFG-022, CFG-024, CFG-025, CFG-026, CFG-027, CFG-031, CFG-034, CFG-036, CFG-037, CFG-039, CFG-040
#[test]
fn parameters_have_the_defaults_of_annex_f() {
    let held = effective(&Sources::default().set("preset=annex-f")).unwrap();
    let defaults = [
        ("CFG-002", "storage-scp.listen", "127.0.0.1:4000"),
        ("CFG-003", "query-retrieve-scp.listen", "127.0.0.1:5000"),
        ("CFG-005", "storage-scu.max-pdu", "131072"),
        ("CFG-006", "network.max-pdu-send", "131072"),
        ("CFG-007", "network.connect-timeout", "10 s"),
        ("CFG-008", "network.artim", "30 s"),
        ("CFG-009", "network.association-response-timeout", "30 s"),
        ("CFG-010", "network.write-timeout", "30 s"),
        ("CFG-011", "network.between-packets-timeout", "30 s"),
        ("CFG-013", "storage-scp.max-pdu", "16384"),
        ("CFG-014", "storage-scp.idle-timeout", "15 min"),
        ("CFG-015", "storage-scp.associations", "10"),
        ("CFG-018", "storage-scp.notification-on-new-association", "false"),
        ("CFG-019", "storage-scp.notification-attempts", "5"),
        ("CFG-020", "storage-scp.notification-retry-wait", "5 min"),
        ("CFG-021", "storage-scu.associations", "10"),
        ("CFG-022", "storage-scu.response-timeout", "5 min"),
        ("CFG-024", "query-retrieve-scp.max-pdu", "16384"),
        ("CFG-025", "query-retrieve-scp.associations", "10"),
        ("CFG-026", "query-retrieve-scp.idle-timeout", "3 min"),
        ("CFG-027", "storage-scu.open-retries", "0"),
        ("CFG-031", "storage-scu.contexts", "one-syntax-each"),
        ("CFG-034", "storage-scp.allowed-calling-ae-titles", ""),
        ("CFG-034", "query-retrieve-scp.allowed-calling-ae-titles", ""),
        ("CFG-036", "storage-scp.allowed-addresses", ""),
        ("CFG-036", "query-retrieve-scp.allowed-addresses", ""),
        ("CFG-037", "storage-scp.associations-counted", "total"),
        ("CFG-037", "query-retrieve-scp.associations-counted", "total"),
        (
            "CFG-039",
            "storage-scp.transfer-syntaxes",
            "1.2.840.10008.1.2,1.2.840.10008.1.2.1,1.2.840.10008.1.2.4.50",
        ),
        (
            "CFG-040",
            "storage-scp.transfer-syntax-order",
            "1.2.840.10008.1.2.4.50,1.2.840.10008.1.2.1,1.2.840.10008.1.2",
        ),
    ];
    for (id, key, value) in defaults {
        let holding = held.holding(key).unwrap();
        assert!(holding.setting.requirements.contains(&id), "{id} is not at {key}");
        assert_eq!(Some(holding.value.clone()), holding.setting.kind.read(value), "{id} {key}");
    }
}

#[test]
fn dif_rows_that_this_version_meets_differ_between_the_presets() {
    let differing = |id: &str| settings().any(|s| s.requirements.contains(&id) && s.standard != s.annex_f);
    for id in [
        "DIF-003", "DIF-004", "DIF-011", "DIF-013", "DIF-014", "DIF-015", "DIF-016", "DIF-017", "DIF-018",
        "DIF-019", "DIF-021",
    ] {
        assert!(differing(id), "{id}");
    }
}

/// Rewrites the page when `ISOCENTER_PRINT_DOCS` is set; else compares.
#[test]
fn the_printed_reference_is_fresh() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/settings.md");
    if std::env::var_os("ISOCENTER_PRINT_DOCS").is_some() {
        std::fs::create_dir_all(page.parent().unwrap()).unwrap();
        std::fs::write(&page, reference()).unwrap();
    }
    let printed = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        printed == reference(),
        "docs/reference/settings.md is stale: ISOCENTER_PRINT_DOCS=1 cargo test -p configuration"
    );
}

#[test]
fn words_are_read_back_and_nothing_else_is() {
    for word in Preset::WORDS {
        assert_eq!(Preset::from_word(word.word).unwrap().as_str(), word.word);
    }
    assert_eq!(Preset::from_word("Standard"), None);
    assert_eq!(Kind::Word(Preset::WORDS).read("annex-f"), Some(Value::Word("annex-f")));
}

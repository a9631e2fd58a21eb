//! Which value holds, rules across settings, reload, and the way to the children.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use configuration::{
    AssociationsCounted, Configuration, Effective, InformationModel, Isolation, Preset, SopClasses, Sources,
    Sync, effective,
};

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("isocenter.toml");
    std::fs::write(&path, text).unwrap();
    (directory, path)
}

fn from_file(text: &str) -> Effective {
    let (_directory, path) = file(text);
    effective(&Sources::default().file(path)).unwrap()
}

fn with(assignments: &[&str]) -> Effective {
    effective(&assignments.iter().fold(Sources::default(), |sources, set| sources.set(*set))).unwrap()
}

fn refusal(assignments: &[&str]) -> String {
    let sources = assignments.iter().fold(Sources::default(), |sources, set| sources.set(*set));
    let errors = effective(&sources).unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors[0].to_string()
}

#[test]
fn gen_003_without_a_word_there_are_three_aes_with_three_titles_on_this_machine_only() {
    let held = effective(&Sources::default()).unwrap().configuration;
    assert_eq!(held.preset, Preset::Standard);
    assert_eq!(held.data, Path::new("isocenter-data"));
    let (storage, query) = (&held.storage_scp.acceptor, &held.query_retrieve_scp.acceptor);
    assert_eq!(
        (storage.ae_title.as_str(), storage.listen),
        ("ISO_STORE_SCP", "127.0.0.1:4000".parse().unwrap())
    );
    assert_eq!((query.ae_title.as_str(), query.listen), ("ISO_QUERY_SCP", "127.0.0.1:5000".parse().unwrap()));
    assert_eq!(held.storage_scu.ae_title.as_str(), "ISO_STORE_SCU");
    assert_eq!(held.web.listen, None);
    assert!(held.tables.peers.is_empty());
}

#[test]
fn a_whole_file_is_read() {
    let held = from_file(
        "preset = \"annex-f\"\nisolation = \"thread\"\n\
         [storage-scp]\nae-title = \"ARCHIVE\"\nlisten = \"[::]:104\"\nassociations = 400\n\
         associations-counted = \"per-calling-ae\"\nallowed-calling-ae-titles = [\"CT1\", \"MR, OLD\"]\n\
         allowed-addresses = [\"10.0.0.0/8\", \"::1\"]\nsop-classes-added = [\"1.3.12.2.1107.5.9.1\"]\nsync = \"none\"\n\
         [query-retrieve-scp]\ninformation-models = [\"study-root\"]\nidle-timeout = \"90 s\"\n\
         [[peer]]\nae-title = \"VIEWER1\"\nhost = \"10.0.0.9\"\nport = 11112\n\
         [[peer]]\nae-title = \"VIEWER2\"\nhost = \"viewer.example\"\n",
    )
    .configuration;
    assert_eq!((held.preset, held.isolation), (Preset::AnnexF, Isolation::Thread));
    let storage = &held.storage_scp;
    assert_eq!(storage.acceptor.ae_title.as_str(), "ARCHIVE");
    assert_eq!(storage.acceptor.listen, "[::]:104".parse::<SocketAddr>().unwrap());
    assert_eq!(storage.acceptor.associations, 400);
    assert_eq!(storage.acceptor.associations_counted, AssociationsCounted::PerCallingAe);
    let titles: Vec<&str> =
        storage.acceptor.allowed_calling_ae_titles.iter().map(|title| title.as_str()).collect();
    assert_eq!(titles, ["CT1", "MR, OLD"]);
    assert!(storage.acceptor.allowed_addresses.iter().any(|range| range.to_string() == "10.0.0.0/8"));
    assert_eq!(storage.sop_classes, SopClasses::AnnexF);
    assert_eq!(storage.sop_classes_added[0].as_str(), "1.3.12.2.1107.5.9.1");
    assert_eq!(storage.sync, Sync::None);
    assert_eq!(held.query_retrieve_scp.information_models, [InformationModel::StudyRoot]);
    assert_eq!(held.query_retrieve_scp.acceptor.idle_timeout, Duration::from_secs(90));
    assert_eq!(
        (held.peer("VIEWER1").unwrap().host.as_str(), held.peer("VIEWER1").unwrap().port),
        ("10.0.0.9", 11112)
    );
    assert_eq!(held.peer("VIEWER2").unwrap().port, 104);
    assert!(held.peer("VIEWER3").is_none());
}

#[test]
fn the_command_line_wins_over_the_environment_over_the_file_over_the_preset() {
    let (_directory, path) = file(
        "preset = \"annex-f\"\n[storage-scp]\nassociations = 2\nmax-pdu = 8192\nidle-timeout = \"1 min\"\n",
    );
    let sources = Sources::default()
        .file(&path)
        .environment([
            ("ISOCENTER_STORAGE_SCP__ASSOCIATIONS", "3"),
            ("ISOCENTER_STORAGE_SCP__MAX_PDU", "32 KiB"),
            ("PATH", "/bin"),
        ])
        .set("storage-scp.associations=4")
        .set("storage-scp.associations = 5")
        .flag("--data", "data", "/srv/isocenter");
    let held = effective(&sources).unwrap();
    let storage = &held.configuration.storage_scp.acceptor;
    assert_eq!(storage.associations, 5);
    assert_eq!(storage.max_pdu, 32_768);
    assert_eq!(storage.idle_timeout, Duration::from_secs(60));
    assert_eq!(held.configuration.query_retrieve_scp.acceptor.max_pdu, 16_384);
    let source = |key: &str| held.holding(key).unwrap().source.to_string();
    assert_eq!(source("storage-scp.associations"), "command line, --set");
    assert_eq!(source("storage-scp.max-pdu"), "environment variable ISOCENTER_STORAGE_SCP__MAX_PDU");
    assert_eq!(source("storage-scp.idle-timeout"), format!("{}:5:16", path.display()));
    assert_eq!(source("query-retrieve-scp.max-pdu"), "preset annex-f");
    assert_eq!(source("data"), "command line, --data");
}

#[test]
fn variables_of_others_with_our_prefix_are_passed_over() {
    let sources =
        Sources::default().environment([("ISOCENTER_PORT", "tcp://10.0.0.1:4000"), ("ISOCENTER_SET", "x")]);
    assert_eq!(effective(&sources).unwrap(), effective(&Sources::default()).unwrap());
}

#[test]
fn a_list_of_the_command_line_has_commas_and_may_be_empty() {
    let held = with(&[
        "preset=annex-f",
        "storage-scp.allowed-calling-ae-titles=CT1, CT2",
        "storage-scp.transfer-syntax-order=",
    ]);
    assert_eq!(held.configuration.storage_scp.acceptor.allowed_calling_ae_titles.len(), 2);
    assert!(held.configuration.storage_scp.transfer_syntax_order.is_empty());
}

#[test]
fn cfg_001_cfg_002_cfg_003_annex_f_names_its_entities_as_its_table_does() {
    let held = with(&["preset=annex-f"]).configuration;
    let acceptors = [&held.storage_scp.acceptor, &held.query_retrieve_scp.acceptor];
    let named = acceptors.map(|acceptor| (acceptor.ae_title.as_str(), acceptor.listen.port()));
    assert_eq!(named, [("EX_STORE_SCP", 4000), ("EX_QUERY_SCP", 5000)]);
    assert_eq!(held.storage_scu.ae_title.as_str(), "EX_STORE_SCU");
}

#[test]
fn gen_004_query_retrieve_scp_and_storage_scu_may_share_a_title() {
    with(&["preset=annex-f", "storage-scu.ae-title=EX_QUERY_SCP"]);
}

#[test]
fn gen_005_under_annex_f_storage_scp_shares_its_title_with_neither_of_the_others() {
    let with_query = refusal(&["preset=annex-f", "query-retrieve-scp.ae-title=EX_STORE_SCP"]);
    assert!(
        with_query
            .starts_with("command line, --set: STORAGE-SCP and QUERY-RETRIEVE-SCP have the same AE title"),
        "{with_query}"
    );
    let with_scu = refusal(&["preset=annex-f", "storage-scp.ae-title=EX_STORE_SCU"]);
    assert!(with_scu.contains("STORAGE-SCP and STORAGE-SCU have the same AE title"), "{with_scu}");
}

#[test]
fn gen_005_a_setting_wins_over_its_preset() {
    with(&[
        "preset=annex-f",
        "storage-scp.may-share-ae-title=true",
        "query-retrieve-scp.ae-title=EX_STORE_SCP",
    ]);
    refusal(&["storage-scp.may-share-ae-title=false", "query-retrieve-scp.ae-title=ISO_STORE_SCP"]);
}

#[test]
fn both_scps_share_a_port_under_one_title_only() {
    let one_port = ["storage-scp.listen=0.0.0.0:11112", "query-retrieve-scp.listen=0.0.0.0:11112"];
    with(&[one_port[0], one_port[1], "storage-scp.ae-title=ARCHIVE", "query-retrieve-scp.ae-title=ARCHIVE"]);
    assert!(refusal(&one_port).contains("cannot both listen on port 11112"));
    refusal(&["storage-scp.listen=0.0.0.0:5000"]);
    with(&["storage-scp.listen=127.0.0.1:0", "query-retrieve-scp.listen=127.0.0.1:0"]);
    with(&["storage-scp.listen=127.0.0.2:5000"]);
}

#[test]
fn the_web_port_is_no_port_of_an_scp() {
    assert!(refusal(&["web.listen=0.0.0.0:4000"]).contains("port 4000 is that of STORAGE-SCP already"));
    with(&["web.listen=127.0.0.1:8104"]);
}

#[test]
fn scp_023_an_order_of_preference_holds_only_what_is_accepted() {
    let order = "storage-scp.transfer-syntax-order=1.2.840.10008.1.2.4.90,1.2.840.10008.1.2";
    with(&[order]);
    with(&[order, "storage-scp.transfer-syntaxes=1.2.840.10008.1.2.4.90"]);
    let message = refusal(&[order, "storage-scp.transfer-syntaxes=1.2.840.10008.1.2.1"]);
    assert!(message.contains("storage-scp.transfer-syntax-order holds 1.2.840.10008.1.2.4.90"), "{message}");
}

#[test]
fn qr_013_every_list_of_transfer_syntaxes_of_queries_holds_the_default_one() {
    refusal(&["query-retrieve-scp.transfer-syntaxes=1.2.840.10008.1.2.1"]);
    with(&["query-retrieve-scp.transfer-syntaxes=1.2.840.10008.1.2.1,1.2.840.10008.1.2"]);
}

#[test]
fn some_information_model_is_offered() {
    refusal(&["query-retrieve-scp.information-models="]);
}

#[test]
fn scp_002_no_sop_class_is_both_added_and_removed() {
    refusal(&["storage-scp.sop-classes-added=1.2.3", "storage-scp.sop-classes-removed=1.2.3"]);
}

#[test]
fn a_rule_is_silent_about_values_that_could_not_be_read() {
    let message = refusal(&["storage-scp.listen=elsewhere", "query-retrieve-scp.listen=127.0.0.1:4000"]);
    assert!(message.contains("storage-scp.listen = \"elsewhere\" is not allowed"), "{message}");
}

#[test]
fn what_is_sealed_is_what_was_held() {
    let held = from_file(
        "[[peer]]\nae-title = \"A\"\nhost = \"::1\"\n[storage-scp]\nallowed-addresses = [\"10.0.0.0/8\"]\n",
    );
    for held in [held.configuration, with(&["preset=annex-f", "web.listen=[::1]:80"]).configuration] {
        assert_eq!(Configuration::from_sealed(&held.to_sealed().unwrap()).unwrap(), held);
    }
}

#[test]
fn a_reload_says_what_changes_and_keeps_what_needs_a_restart() {
    let running = with(&["storage-scp.associations=10"]);
    let newer = from_file(
        "data = \"/elsewhere\"\n[storage-scp]\nassociations = 20\nlisten = \"127.0.0.1:4001\"\n\
         [[peer]]\nae-title = \"A\"\nhost = \"a\"\n",
    );
    let (held, changes) = running.reload(newer).unwrap();
    let told: Vec<(&str, &str, &str, bool)> =
        changes.iter().map(|c| (c.key, c.from.as_str(), c.to.as_str(), c.needs_restart)).collect();
    assert_eq!(
        told,
        [
            ("data", "\"isocenter-data\"", "\"/elsewhere\"", true),
            ("storage-scp.listen", "\"127.0.0.1:4000\"", "\"127.0.0.1:4001\"", false),
            ("storage-scp.associations", "10", "20", false),
            ("peer", "0 peers", "1 peer", false),
        ]
    );
    assert_eq!(changes[0].to_string(), "data stays \"isocenter-data\": \"/elsewhere\" takes a restart");
    assert_eq!(changes[2].to_string(), "storage-scp.associations is 20 now, no longer 10");
    assert_eq!(held.configuration.data, Path::new("isocenter-data"));
    assert_eq!(held.configuration.storage_scp.acceptor.listen, "127.0.0.1:4001".parse().unwrap());
    assert_eq!(held.configuration.storage_scp.acceptor.associations, 20);
    assert_eq!(held.configuration.tables.peers.len(), 1);
    let moved = from_file("[[peer]]\nae-title = \"A\"\nhost = \"b\"\n");
    let (_, changes) = held.clone().reload(moved).unwrap();
    let peers = changes.iter().find(|change| change.key == "peer").unwrap();
    assert_eq!(peers.to_string(), "peer is 1 peer (A at b:104) now, no longer 1 peer (A at a:104)");
    let (_, changes) = held.clone().reload(held).unwrap();
    assert!(changes.is_empty());
}

const HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// What is printed is shown around; and read again it grants nobody more than before.
#[test]
fn sil_009_no_hash_is_printed_and_no_change_names_one() {
    let file = format!(
        "[[user]]\nname = \"ann\"\npasscode-hash = \"{HASH}\"\nmay-store = false\n[[token-key]]\nalgorithm = \"EdDSA\"\n\
         file = \"k.pem\"\nissuer = \"i\"\naudience = \"a\"\n"
    );
    let held = from_file(&file);
    let printed = held.to_text();
    assert!(printed.contains("ann") && !printed.contains("AAECAwQF"), "{printed}");
    assert!(!format!("{:?}", held.configuration).contains("AAECAwQF"));
    let again = from_file(&printed).configuration.tables;
    assert!(again.users.is_empty());
    assert_eq!(again.token_keys, held.configuration.tables.token_keys);
    let newer = from_file(&file.replace("ODw$AAEC", "ODw$BBEC"));
    let (_, changes) = held.reload(newer).unwrap();
    assert_eq!(changes[0].to_string(), "user is 1 user (ann) now, no longer 1 user (ann)");
}

#[test]
fn a_setting_without_effect_is_pointed_out_only_if_it_was_given() {
    assert!(with(&[]).notices().is_empty());
    let notices = with(&["web.listen=127.0.0.1:8104", "storage-scp.associations=1"]).notices();
    assert_eq!(notices.len(), 1);
    assert!(notices.iter().all(|notice| notice.contains(") has no effect. This version ")), "{notices:?}");
}

#[test]
fn what_is_printed_is_a_file_that_says_the_same() {
    let held = from_file(
        "preset = \"annex-f\"\n[[peer]]\nae-title = \"A \\\" B\"\nhost = \"a\"\n[log]\nlevel = \"debug\"\n",
    );
    let again = from_file(&held.to_text());
    assert_eq!(again.configuration, held.configuration);
    assert!(held.to_text().contains("isocenter.toml:6:9"), "{}", held.to_text());
}

#[test]
fn every_setting_is_printed_with_what_it_is_and_what_is_allowed() {
    let text = with(&[]).to_text();
    for setting in configuration::SECTIONS.iter().flat_map(configuration::Section::settings) {
        for part in [setting.name(), setting.short, &setting.kind.allowed()] {
            assert!(text.contains(part), "{}: {part}", setting.key);
        }
    }
}

#[test]
fn one_setting_is_explained_with_value_source_and_range() {
    let held = with(&["storage-scp.associations-counted=per-calling-ae"]);
    let text = held.explain("storage-scp.associations-counted").unwrap();
    for part in [
        "value     \"per-calling-ae\" (command line, --set)",
        "allowed   \"total\" or \"per-calling-ae\"",
        "total: all associations together",
        "default   \"total\" under preset annex-f",
        "on reload",
        "--set 'storage-scp.associations-counted=per-calling-ae'",
        "ISOCENTER_STORAGE_SCP__ASSOCIATIONS_COUNTED",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(held.explain("peer.host").unwrap().contains("must be given"));
    let section = held.explain("storage-scp").unwrap();
    assert!(section.contains("\n[storage-scp]\n") && section.contains("\nlisten = "), "{section}");
    assert!(!section.contains("[query-retrieve-scp]"), "{section}");
    let error = held.explain("storage-scp.asociations").unwrap_err().to_string();
    assert!(error.contains("did you mean \"storage-scp.associations\"?"), "{error}");
}

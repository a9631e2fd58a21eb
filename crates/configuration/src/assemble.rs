//! From the table to the structs: the one place that knows both a key and its field.

mod reader;
mod tables;

use crate::configuration::{
    Acceptor, Audit, Configuration, Corrections, Defaults, Log, Network, QueryRetrieveScp, Rights, Scrub,
    StorageScp, StorageScu, Supervisor, Tables, UnknownPeer, Web,
};
use crate::effective::Holding;
use crate::error::ConfigurationError;
use crate::tls::{Tls, TlsTexts};
use reader::Reader;

pub(crate) use tables::tables;

/// The structs, from a value for each setting.
pub(crate) fn configuration(
    holdings: &[Holding],
    tables: Tables,
) -> Result<Configuration, ConfigurationError> {
    let top = Reader::new("", holdings);
    let web = Reader::new("web.", holdings);
    let unknown_peer = Reader::new("unknown-peer.", holdings);
    Ok(Configuration {
        preset: top.word("preset")?,
        data: top.path("data")?,
        isolation: top.word("isolation")?,
        sandbox: top.word("sandbox")?,
        log: log(&Reader::new("log.", holdings))?,
        network: network(&Reader::new("network.", holdings))?,
        storage_scp: storage_scp(&Reader::new("storage-scp.", holdings))?,
        query_retrieve_scp: query_retrieve_scp(&Reader::new("query-retrieve-scp.", holdings))?,
        storage_scu: storage_scu(&Reader::new("storage-scu.", holdings))?,
        corrections: corrections(&Reader::new("corrections.", holdings))?,
        tls: tls(&Reader::new("tls.", holdings))?,
        scrub: scrub(&Reader::new("scrub.", holdings))?,
        supervisor: supervisor(&Reader::new("supervisor.", holdings))?,
        web: Web { listen: web.address_or_off("listen")? },
        unknown_peer: UnknownPeer {
            may_call: unknown_peer.flag("may-call")?,
            rights: rights(&unknown_peer)?,
        },
        tables,
        audit: audit(&Reader::new("audit.", holdings))?,
    })
}

fn log(from: &Reader<'_>) -> Result<Log, ConfigurationError> {
    Ok(Log { format: from.word("format")?, level: from.word("level")? })
}

fn network(from: &Reader<'_>) -> Result<Network, ConfigurationError> {
    Ok(Network {
        max_pdu_send: from.number("max-pdu-send")?,
        connect_timeout: from.duration("connect-timeout")?,
        artim: from.duration("artim")?,
        association_response_timeout: from.duration("association-response-timeout")?,
        release_timeout: from.duration("release-timeout")?,
        write_timeout: from.duration("write-timeout")?,
        between_packets_timeout: from.duration("between-packets-timeout")?,
    })
}

fn acceptor(from: &Reader<'_>) -> Result<Acceptor, ConfigurationError> {
    Ok(Acceptor {
        ae_title: from.ae_title("ae-title")?,
        listen: from.address("listen")?,
        tls_listen: from.address_or_off("tls-listen")?,
        associations: from.number("associations")?,
        associations_counted: from.word("associations-counted")?,
        max_pdu: from.number("max-pdu")?,
        idle_timeout: from.duration("idle-timeout")?,
        check_called_ae_title: from.flag("check-called-ae-title")?,
        allowed_calling_ae_titles: from.ae_titles("allowed-calling-ae-titles")?,
        allowed_addresses: from.address_ranges("allowed-addresses")?,
        no_acceptable_context: from.word("no-acceptable-context")?,
        user_identity: from.word("user-identity")?,
    })
}

fn storage_scp(from: &Reader<'_>) -> Result<StorageScp, ConfigurationError> {
    Ok(StorageScp {
        acceptor: acceptor(from)?,
        may_share_ae_title: from.flag("may-share-ae-title")?,
        sop_classes: from.word("sop-classes")?,
        sop_classes_added: from.uids("sop-classes-added")?,
        sop_classes_removed: from.uids("sop-classes-removed")?,
        transfer_syntaxes: from.uids("transfer-syntaxes")?,
        compressed_for: from.word("compressed-for")?,
        transfer_syntax_order: from.uids("transfer-syntax-order")?,
        sync: from.word("sync")?,
        duplicates: from.word("duplicates")?,
        patient_id_conflict: from.word("patient-id-conflict")?,
        names: from.word("names")?,
        sex: from.word("sex")?,
        modality: from.word("modality")?,
        defaults: Defaults {
            patient_name: from.text_or_off("default-patient-name")?,
            patient_id: from.text_or_off("default-patient-id")?,
            patient_birth_date: from.text_or_off("default-patient-birth-date")?,
            study_date: from.text_or_off("default-study-date")?,
            accession_number: from.text_or_off("default-accession-number")?,
            modality: from.text_or_off("default-modality")?,
        },
        coercion_answer: from.word("coercion-answer")?,
        required_elements: from.word("required-elements")?,
        reserved_space: from.number("reserved-space")?,
        keep_rejected: from.number("keep-rejected")?,
        exam_types: from.texts("exam-types")?,
        commitment_check: from.word("commitment-check")?,
        commitment_incomplete: from.word("commitment-incomplete")?,
        notification_on_new_association: from.flag("notification-on-new-association")?,
        notification_quiet_time: from.duration("notification-quiet-time")?,
        notification_response_timeout: from.duration("notification-response-timeout")?,
        notification_attempts: from.number("notification-attempts")?,
        notification_retry_wait: from.duration("notification-retry-wait")?,
        notification_refused: from.word("notification-refused")?,
        pending_notifications: from.number("pending-notifications")?,
        transaction_uids_remembered: from.duration("transaction-uids-remembered")?,
    })
}

fn query_retrieve_scp(from: &Reader<'_>) -> Result<QueryRetrieveScp, ConfigurationError> {
    Ok(QueryRetrieveScp {
        acceptor: acceptor(from)?,
        transfer_syntaxes: from.uids("transfer-syntaxes")?,
        information_models: from.words("information-models")?,
        get: from.flag("get")?,
        patient_level_retrieve: from.flag("patient-level-retrieve")?,
        missing_higher_level_keys: from.word("missing-higher-level-keys")?,
        several_higher_level_keys: from.word("several-higher-level-keys")?,
        missing_unique_key: from.word("missing-unique-key")?,
        other_higher_level_keys: from.word("other-higher-level-keys")?,
        several_values: from.word("several-values")?,
        empty_matches: from.flag("empty-matches")?,
        refuse_unrestricted_queries: from.flag("refuse-unrestricted-queries")?,
        matching: from.word("matching")?,
        unmatched_keys: from.word("unmatched-keys")?,
        returned_attributes: from.word("returned-attributes")?,
        move_response_first: from.flag("move-response-first")?,
        warnings_end_in: from.word("warnings-end-in")?,
        partial_failure: from.word("partial-failure")?,
        on_sub_operation_failure: from.word("on-sub-operation-failure")?,
        compare_checksums: from.flag("compare-checksums")?,
    })
}

fn storage_scu(from: &Reader<'_>) -> Result<StorageScu, ConfigurationError> {
    Ok(StorageScu {
        ae_title: from.ae_title("ae-title")?,
        associations: from.number("associations")?,
        wait_for_turn: from.duration("wait-for-turn")?,
        max_pdu: from.number("max-pdu")?,
        sop_classes: from.word("sop-classes")?,
        sop_classes_added: from.uids("sop-classes-added")?,
        sop_classes_removed: from.uids("sop-classes-removed")?,
        contexts: from.word("contexts")?,
        response_timeout: from.duration("response-timeout")?,
        warning_statuses: from.word("warning-statuses")?,
        signed_instances: from.word("signed-instances")?,
        open_retries: from.number("open-retries")?,
        open_retry_wait: from.duration("open-retry-wait")?,
    })
}

fn corrections(from: &Reader<'_>) -> Result<Corrections, ConfigurationError> {
    Ok(Corrections { exports: from.word("exports")?, original_attributes: from.flag("original-attributes")? })
}

fn tls(from: &Reader<'_>) -> Result<Tls, ConfigurationError> {
    Ok(Tls {
        certificate: from.path_or_off("certificate")?,
        key: from.path_or_off("key")?,
        ca: from.path_or_off("ca")?,
        client_certificates: from.word("client-certificates")?,
        profile: from.word("profile")?,
        client_certificate: from.path_or_off("client-certificate")?,
        client_key: from.path_or_off("client-key")?,
        texts: TlsTexts::default(),
    })
}

fn scrub(from: &Reader<'_>) -> Result<Scrub, ConfigurationError> {
    Ok(Scrub { every: from.duration("every")?, rate: from.number("rate")? })
}

fn audit(from: &Reader<'_>) -> Result<Audit, ConfigurationError> {
    Ok(Audit {
        enabled: from.flag("enabled")?,
        file_size: from.number("file-size")?,
        syslog_host: from.text_or_off("syslog-host")?,
        syslog_port: from.number("syslog-port")?,
        syslog_transport: from.word("syslog-transport")?,
        syslog_authorities: from.path_or_off("syslog-authorities")?,
    })
}

fn supervisor(from: &Reader<'_>) -> Result<Supervisor, ConfigurationError> {
    Ok(Supervisor {
        pending_connections: from.number("pending-connections")?,
        associations_ceiling: from.number("associations-ceiling")?,
        admission_grace: from.duration("admission-grace")?,
        drain_grace: from.duration("drain-grace")?,
    })
}

fn rights(from: &Reader<'_>) -> Result<Rights, ConfigurationError> {
    Ok(Rights {
        may_store: from.flag("may-store")?,
        may_find: from.flag("may-find")?,
        may_retrieve: from.flag("may-retrieve")?,
        retrieve_to: from.ae_titles("retrieve-to")?,
        may_ask_commitment: from.flag("may-ask-commitment")?,
    })
}

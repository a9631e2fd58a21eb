//! From the configuration to the small struct that each room is configured by. Nothing else reads the
//! configuration.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use application_entity::{Access, Acquaintances, Directly, Entity, Initiation, Network, Peers};
use catalog::{Lenience, Offered, QueryRules, SeveralValues, UpperKeys};
use configuration::{
    Acceptor, CoercionAnswer, CommitmentCheck, CommitmentIncomplete, Configuration, CorrectedValues,
    HigherLevelKeys, MatchingTable, NoAcceptableContext, NotificationRefused, OnSubOperationFailure,
    PartialFailure, ReturnedAttributes, SopClasses, UnmatchedKeys, WarningsEndIn,
};
use holdings::{Correction, Finding, Holdings, HoldingsError, HoldingsRules, Origin, Recorder, Reindexed};
use query_retrieve_scp::{CorrectionRules, QueryRetrieveScp, RetrieveRules};
use storage_scp::StorageScp;
use storage_scp::commitment::{self, Commitment, Notifier};
use storage_scp::offer::{CompressedFor, OfferSettings, StorageClasses};
use storage_scu::ContextLayout;
use upper_layer::Timers;
use vocabulary::{AeTitle, InformationModel, Uid};

use crate::access;
use crate::arrival;
use crate::audit_trail;
use crate::commands::Failure;
use crate::exports;
use crate::identity::{self, identity};
use crate::secure::{self, SecurePorts};

/// What STORAGE-SCP is called where associations are counted and logged.
pub(crate) const STORAGE_SCP: &str = "STORAGE-SCP";
/// What QUERY-RETRIEVE-SCP is called there.
pub(crate) const QUERY_RETRIEVE_SCP: &str = "QUERY-RETRIEVE-SCP";

/// How long a destination may take to close a connection after our A-ABORT: it had a whole response timeout before.
const ABORTED_DESTINATION_WAIT: Duration = Duration::from_secs(1);

/// Everything that serving an association takes.
pub(crate) struct Wiring {
    /// The AEs and where each listens.
    pub entities: Vec<(SocketAddr, Entity)>,
    /// The ports for TLS.
    pub secure: SecurePorts,
    /// Timers, and the longest PDU to send.
    pub network: Network,
    /// STORAGE-SCP, as it stores.
    pub storage_scp: StorageScp,
    /// QUERY-RETRIEVE-SCP, as it answers.
    pub query_retrieve_scp: QueryRetrieveScp,
    /// STORAGE-SCP, as it vouches for what it stores.
    pub commitment: Commitment,
    /// Whom we know, and what they may do.
    pub acquaintances: Acquaintances,
    /// The holdings.
    pub holdings: OpensHoldings,
    /// The audit trail, if one is kept.
    pub trail: Option<audit::TrailSettings>,
}

/// Opens the holdings.
#[derive(Debug, Clone)]
pub(crate) struct OpensHoldings {
    data: PathBuf,
    rules: HoldingsRules,
}

impl OpensHoldings {
    /// What the configuration says of the holdings.
    pub(crate) fn new(configuration: &Configuration) -> Self {
        let sync = match configuration.storage_scp.sync {
            configuration::Sync::Instance => holdings::Sync::Instance,
            configuration::Sync::None => holdings::Sync::None,
        };
        Self {
            data: configuration.data.clone(),
            rules: HoldingsRules { sync, ..arrival::rules(&configuration.storage_scp) },
        }
    }

    /// What is done with instances.
    pub(crate) fn rules(&self) -> &HoldingsRules {
        &self.rules
    }

    /// Opens them, to keep and to find.
    pub(crate) fn open(&self) -> Result<Holdings, HoldingsError> {
        Holdings::open(&self.data, self.rules.clone())
    }

    /// Opens them for an association.
    pub(crate) fn open_for_association(&self) -> Result<Holdings, HoldingsError> {
        Holdings::open_beside_recorder(&self.data, self.rules.clone())
    }

    /// Opens what records for the associations.
    pub(crate) fn open_recorder(&self) -> Result<Recorder, HoldingsError> {
        Holdings::open_recorder(&self.data)
    }

    /// Every correction that was made, see [`Holdings::corrections`].
    pub(crate) fn corrections(&self) -> Result<Vec<Correction>, HoldingsError> {
        Holdings::corrections(&self.data)
    }

    /// Builds the catalog anew from the vault, see [`Holdings::reindex`].
    pub(crate) fn reindex(
        &self,
        progress: &mut dyn FnMut(u64),
        report: &mut dyn FnMut(&Finding),
    ) -> Result<Reindexed, HoldingsError> {
        Holdings::reindex(&self.data, self.rules.clone(), progress, report)
    }
}

/// The addresses that are listened on, in the order of the configuration; shared ones once.
pub(crate) fn listeners(configuration: &Configuration) -> Vec<SocketAddr> {
    let mut listeners =
        vec![configuration.storage_scp.acceptor.listen, configuration.query_retrieve_scp.acceptor.listen];
    listeners.extend(secure::addresses(configuration).into_iter().map(|(listen, _)| listen));
    listeners.dedup();
    listeners
}

impl Wiring {
    /// Wires what the configuration says.
    pub(crate) fn new(configuration: &Configuration) -> Result<Self, Failure> {
        let storage_offer = storage_offer(configuration)?;
        let storage = &configuration.storage_scp.acceptor;
        let query_retrieve = &configuration.query_retrieve_scp.acceptor;
        let entities = vec![
            (
                storage.listen,
                entity(
                    STORAGE_SCP,
                    storage,
                    identity::storage_scp_class_uid(),
                    storage_scp::offer::offer(&storage_offer),
                )?,
            ),
            (
                query_retrieve.listen,
                entity(
                    QUERY_RETRIEVE_SCP,
                    query_retrieve,
                    identity::query_retrieve_class_uid(),
                    query_retrieve_scp::offer::offer(&query_retrieve_offer(configuration, &storage_offer)?),
                )?,
            ),
        ];
        let peers = access::peers(configuration)?;
        Ok(Self {
            entities,
            secure: SecurePorts::new(configuration)?,
            network: network(configuration),
            storage_scp: StorageScp {
                implementation_class_uid: identity::storage_scp_class_uid(),
                implementation_version_name: identity::IMPLEMENTATION_VERSION_NAME.to_owned(),
                warns_of_coercion: configuration.storage_scp.coercion_answer == CoercionAnswer::Warning,
                clock: SystemTime::now,
            },
            query_retrieve_scp: query_retrieve_scp(configuration, peers.clone())?,
            commitment: commitment(configuration, &storage_offer)?,
            acquaintances: access::acquaintances(configuration, peers)?,
            holdings: OpensHoldings::new(configuration),
            trail: audit_trail::settings(configuration),
        })
    }

    /// Who puts on record what happens on an association, if a trail is kept.
    pub(crate) fn witness(&self) -> Option<audit::Witness> {
        self.trail.clone().map(audit::Witness::new)
    }

    /// The AEs that listen at an address.
    pub(crate) fn entities_at(&self, address: SocketAddr) -> Vec<&Entity> {
        let secure = |entity: &Entity| self.secure.addresses.contains(&(address, entity.name));
        let here = self.entities.iter().filter(|(listen, entity)| *listen == address || secure(entity));
        here.map(|(_, entity)| entity).collect()
    }
}

/// Who writes the files that `import` takes in.
pub(crate) fn import_origin() -> Origin {
    Origin {
        implementation_class_uid: identity::storage_scp_class_uid(),
        implementation_version_name: identity::IMPLEMENTATION_VERSION_NAME.to_owned(),
        source_ae_title: None,
    }
}

/// STORAGE-SCU, as it sends.
pub(crate) fn storage_scu(configuration: &Configuration) -> Result<storage_scu::Export, Failure> {
    let scu = &configuration.storage_scu;
    let mut timers = network(configuration).timers;
    // A destination that was aborted need not be waited for: whoever asked for the export waits as well (SCU-037).
    timers.artim = timers.artim.min(ABORTED_DESTINATION_WAIT);
    Ok(storage_scu::Export {
        initiation: Initiation {
            ae_title: ae_title(&scu.ae_title)?,
            identity: identity(identity::query_retrieve_class_uid(), scu.max_pdu),
            connect: configuration.network.connect_timeout,
            connecting: Arc::new(Directly),
            network: Network { timers, ..network(configuration) },
            calling: secure::calling(configuration)?,
        },
        layout: match scu.contexts {
            configuration::Contexts::OneSyntaxEach => ContextLayout::OneSyntaxEach,
            configuration::Contexts::SeveralSyntaxes => ContextLayout::SeveralSyntaxes,
        },
        retries: scu.open_retries,
        retry_delay: scu.open_retry_wait,
    })
}

fn commitment(configuration: &Configuration, storage: &OfferSettings) -> Result<Commitment, Failure> {
    let scp = &configuration.storage_scp;
    Ok(Commitment {
        data: configuration.data.clone(),
        classes: storage_scp::offer::commitment_classes(storage).collect(),
        check: match scp.commitment_check {
            CommitmentCheck::ClassAndFile => commitment::Check::ClassAndFile,
            CommitmentCheck::Catalog => commitment::Check::Catalog,
        },
        incomplete: match scp.commitment_incomplete {
            CommitmentIncomplete::InvalidArgument => commitment::Incomplete::InvalidArgument,
            CommitmentIncomplete::MissingAttribute => commitment::Incomplete::MissingAttribute,
        },
        retrieve_ae_title: ae_title(&configuration.query_retrieve_scp.acceptor.ae_title)?,
        always_new_association: scp.notification_on_new_association,
        quiet: scp.notification_quiet_time,
        response_timeout: scp.notification_response_timeout,
        attempts: scp.notification_attempts,
        retry_wait: scp.notification_retry_wait,
        retry_refused: scp.notification_refused == NotificationRefused::Retry,
        pending_max: (scp.pending_notifications > 0).then_some(scp.pending_notifications),
        remembered: scp.transaction_uids_remembered,
    })
}

/// STORAGE-SCP, as it begins associations: for notifications, and to see whether they would be taken (SCP-004).
pub(crate) fn storage_scp_initiation(configuration: &Configuration) -> Result<Initiation, Failure> {
    let acceptor = &configuration.storage_scp.acceptor;
    Ok(Initiation {
        ae_title: ae_title(&acceptor.ae_title)?,
        identity: identity(identity::storage_scp_class_uid(), acceptor.max_pdu),
        connect: configuration.network.connect_timeout,
        connecting: Arc::new(Directly),
        network: network(configuration),
        calling: secure::calling(configuration)?,
    })
}

/// Who delivers notifications over associations of our own.
pub(crate) fn notifier(configuration: &Configuration) -> Result<Notifier, Failure> {
    Ok(Notifier {
        commitment: commitment(configuration, &storage_offer(configuration)?)?,
        initiation: storage_scp_initiation(configuration)?,
        peers: access::peers(configuration)?,
    })
}

fn network(configuration: &Configuration) -> Network {
    let network = &configuration.network;
    let timers = Timers {
        artim: network.artim,
        associate_response: network.association_response_timeout,
        release: network.release_timeout,
        between_packets: network.between_packets_timeout,
        write: network.write_timeout,
    };
    Network { timers, sent_pdu_length_max: network.max_pdu_send }
}

fn entity(
    name: &'static str,
    acceptor: &Acceptor,
    class_uid: Uid,
    offer: application_entity::offer::Offer,
) -> Result<Entity, Failure> {
    let titles = acceptor.allowed_calling_ae_titles.iter().map(ae_title).collect::<Result<Vec<_>, _>>()?;
    let addresses = acceptor.allowed_addresses.iter().map(access::address_range);
    Ok(Entity {
        name,
        ae_title: ae_title(&acceptor.ae_title)?,
        access: Access {
            check_called_ae_title: acceptor.check_called_ae_title,
            allowed_calling_ae_titles: access::listed(titles),
            allowed_addresses: access::listed(addresses.collect::<Result<_, _>>()?),
            user_identity: access::demand(acceptor.user_identity),
        },
        reject_without_context: acceptor.no_acceptable_context == NoAcceptableContext::Reject,
        identity: identity(class_uid, acceptor.max_pdu),
        idle: acceptor.idle_timeout,
        offer,
    })
}

fn storage_offer(configuration: &Configuration) -> Result<OfferSettings, Failure> {
    let scp = &configuration.storage_scp;
    Ok(OfferSettings {
        classes: storage_classes(scp.sop_classes),
        classes_added: uids(&scp.sop_classes_added)?,
        classes_removed: uids(&scp.sop_classes_removed)?,
        transfer_syntaxes: uids(&scp.transfer_syntaxes)?,
        compressed_for: compressed_for(scp.compressed_for),
        transfer_syntax_order: uids(&scp.transfer_syntax_order)?,
    })
}

pub(crate) fn storage_classes(classes: SopClasses) -> StorageClasses {
    match classes {
        SopClasses::All => StorageClasses::All,
        SopClasses::Images => StorageClasses::Images,
        SopClasses::AnnexF => StorageClasses::AnnexF,
        SopClasses::None => StorageClasses::None,
    }
}

pub(crate) fn compressed_for(classes: configuration::CompressedFor) -> CompressedFor {
    match classes {
        configuration::CompressedFor::EveryClass => CompressedFor::EveryClass,
        configuration::CompressedFor::AnnexFClasses => CompressedFor::AnnexFClasses,
    }
}

fn query_retrieve_offer(
    configuration: &Configuration,
    storage: &OfferSettings,
) -> Result<query_retrieve_scp::offer::OfferSettings, Failure> {
    let scp = &configuration.query_retrieve_scp;
    let model = |model: &configuration::InformationModel| match model {
        configuration::InformationModel::PatientRoot => InformationModel::PatientRoot,
        configuration::InformationModel::StudyRoot => InformationModel::StudyRoot,
        configuration::InformationModel::PatientStudyOnly => InformationModel::PatientStudyOnly,
    };
    Ok(query_retrieve_scp::offer::OfferSettings {
        information_models: scp.information_models.iter().map(model).collect(),
        get: scp.get,
        transfer_syntaxes: uids(&scp.transfer_syntaxes)?,
        storage_classes: storage_scp::offer::storage_classes(storage).collect(),
    })
}

fn query_retrieve_scp(configuration: &Configuration, peers: Peers) -> Result<QueryRetrieveScp, Failure> {
    let scp = &configuration.query_retrieve_scp;
    Ok(QueryRetrieveScp {
        ae_title: ae_title(&scp.acceptor.ae_title)?,
        query_rules: query_rules(configuration),
        retrieve_rules: RetrieveRules {
            patient_level: scp.patient_level_retrieve,
            response_first: scp.move_response_first,
            warnings_are_success: scp.warnings_end_in == WarningsEndIn::Success,
            partial_failure_fails: scp.partial_failure == PartialFailure::Refused,
            stops_at_failure: scp.on_sub_operation_failure == OnSubOperationFailure::Stop,
            compares_checksum: scp.compare_checksums,
        },
        peers,
        export: query_retrieve_scp::Export {
            scu: storage_scu(configuration)?,
            response_timeout: configuration.storage_scu.response_timeout,
            rules: exports::rules_of_peers(configuration)?,
            warnings: exports::warnings(configuration),
            corrections: correction_rules(configuration),
            wait_for_turn: configuration.storage_scu.wait_for_turn,
        },
    })
}

fn correction_rules(configuration: &Configuration) -> CorrectionRules {
    let corrections = &configuration.corrections;
    CorrectionRules {
        exported: corrections.exports == CorrectedValues::Corrected,
        original_attributes: corrections.original_attributes,
        system: format!("ISOCENTER {}", configuration.query_retrieve_scp.acceptor.ae_title.as_str()),
    }
}

fn query_rules(configuration: &Configuration) -> QueryRules {
    let scp = &configuration.query_retrieve_scp;
    let lenience = |lenience| match lenience {
        configuration::Lenience::Accept => Lenience::Accepted,
        configuration::Lenience::Refuse => Lenience::Refused,
    };
    QueryRules {
        offered: match scp.matching {
            MatchingTable::Standard => Offered::Everything,
            MatchingTable::AnnexF => QueryRules::ANNEX_F.offered,
        },
        upper_unique_key_missing: lenience(scp.missing_higher_level_keys),
        upper_unique_key_not_single: lenience(scp.several_higher_level_keys),
        unique_key_missing: lenience(scp.missing_unique_key),
        upper_keys: match scp.other_higher_level_keys {
            HigherLevelKeys::Match => UpperKeys::Matched,
            HigherLevelKeys::Ignore => UpperKeys::Ignored,
            HigherLevelKeys::Refuse => UpperKeys::Refused,
        },
        several_values: match scp.several_values {
            configuration::SeveralValues::AnyOf => SeveralValues::AnyOf,
            configuration::SeveralValues::Refuse => SeveralValues::Refused,
        },
        empty_matches: scp.empty_matches,
        guarded: scp.refuse_unrestricted_queries,
        unasked_attributes: scp.returned_attributes == ReturnedAttributes::Standard,
        unmatched_reported: scp.unmatched_keys == UnmatchedKeys::Warn,
    }
}

pub(crate) fn uids(uids: &[configuration::Uid]) -> Result<Vec<Uid>, Failure> {
    uids.iter().map(|uid| Uid::parse(uid.as_str()).map_err(unread)).collect()
}

pub(crate) fn ae_title(title: &configuration::AeTitle) -> Result<AeTitle, Failure> {
    AeTitle::parse(title.as_str()).map_err(unread)
}

/// The configuration checks what it takes in; that a room is stricter would be a bug of ours.
pub(crate) fn unread(error: impl std::error::Error) -> Failure {
    Failure(format!(
        "a setting passed its check and is refused all the same, which is a bug of ours: {error}"
    ))
}

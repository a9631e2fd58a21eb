//! Rules about several settings at once.
//!
//! All settings of one rule take effect at the same time (at start, or on reload): otherwise a reload, which keeps
//! some running values, could make a contradiction of two files that have none.

use std::net::SocketAddr;

use crate::configuration::Configuration;
use crate::effective::Holding;
use crate::error::ConfigurationError;
use crate::words::SyslogTransport;
use crate::{AeTitle, Uid};

/// The transfer syntax that every AE accepts (PS3.5 10.1, SCP-021).
const IMPLICIT_VR_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2";

/// Every rule that a configuration breaks.
pub(crate) fn check(configuration: &Configuration, holdings: &[Holding]) -> Vec<ConfigurationError> {
    let mut check = Check { holdings, errors: Vec::new() };
    check.titles(configuration);
    check.ports(configuration);
    check.transfer_syntaxes(configuration);
    check.exam_types(configuration);
    check.audit(configuration);
    check.offers(configuration);
    check.errors
}

struct Check<'a> {
    holdings: &'a [Holding],
    errors: Vec<ConfigurationError>,
}

impl Check<'_> {
    /// Notes that some settings contradict each other; the place is that of the first of them that somebody gave.
    fn broken(&mut self, keys: &[&'static str], problem: String) {
        let sources =
            keys.iter().filter_map(|key| self.holdings.iter().find(|holding| holding.setting.key == *key));
        let mut sources = sources.map(|holding| &holding.source);
        let first = sources.clone().find(|source| source.is_said()).or_else(|| sources.next());
        let Some(place) = first.cloned() else { return };
        self.errors.push(ConfigurationError::Contradiction { place, keys: keys.to_vec(), problem });
    }

    /// STORAGE-SCP keeps its title to itself where it must (GEN-005). The other two may share one (GEN-004).
    fn titles(&mut self, configuration: &Configuration) {
        let storage_scp = &configuration.storage_scp;
        if storage_scp.may_share_ae_title {
            return;
        }
        let mut differs = |key, name, other: &AeTitle| {
            if storage_scp.acceptor.ae_title == *other {
                self.broken(
                    &[key, "storage-scp.ae-title", "storage-scp.may-share-ae-title"],
                    format!(
                        "STORAGE-SCP and {name} have the same AE title, {other}: give STORAGE-SCP a title of its own, \
                         or set storage-scp.may-share-ae-title = true"
                    ),
                );
            }
        };
        let query_retrieve_scp = &configuration.query_retrieve_scp.acceptor.ae_title;
        differs("query-retrieve-scp.ae-title", "QUERY-RETRIEVE-SCP", query_retrieve_scp);
        differs("storage-scu.ae-title", "STORAGE-SCU", &configuration.storage_scu.ae_title);
    }

    /// One port has one listener; both SCPs may share it under one title.
    fn ports(&mut self, configuration: &Configuration) {
        let storage_scp = &configuration.storage_scp.acceptor;
        let query_retrieve_scp = &configuration.query_retrieve_scp.acceptor;
        let shared = storage_scp.listen == query_retrieve_scp.listen
            && storage_scp.ae_title == query_retrieve_scp.ae_title;
        if !shared && clash(storage_scp.listen, query_retrieve_scp.listen) {
            let keys = [
                "query-retrieve-scp.listen",
                "storage-scp.listen",
                "query-retrieve-scp.ae-title",
                "storage-scp.ae-title",
            ];
            self.broken(
                &keys,
                format!(
                    "STORAGE-SCP ({}) and QUERY-RETRIEVE-SCP ({}) cannot both listen on port {}: give them two ports, \
                     or the same address and the same ae-title",
                    storage_scp.listen,
                    query_retrieve_scp.listen,
                    storage_scp.listen.port(),
                ),
            );
        }
        if shared && storage_scp.user_identity != query_retrieve_scp.user_identity {
            self.broken(
                &["query-retrieve-scp.user-identity", "storage-scp.user-identity"],
                "storage-scp.user-identity and query-retrieve-scp.user-identity differ, and both AEs listen at the same \
                 address: an association has one user, so give both the same value"
                    .to_owned(),
            );
        }
        let scps = [
            ("storage-scp.listen", "STORAGE-SCP", storage_scp.listen),
            ("query-retrieve-scp.listen", "QUERY-RETRIEVE-SCP", query_retrieve_scp.listen),
        ];
        self.tls_ports(configuration, &scps);
        let Some(web) = configuration.web.listen else { return };
        for (key, name, listen) in scps {
            if clash(web, listen) {
                let problem = format!("port {} is that of {name} already: choose another one", web.port());
                self.broken(&["web.listen", key], problem);
            }
        }
    }

    /// A port is for TLS or not; both SCPs may share one.
    fn tls_ports(&mut self, configuration: &Configuration, plain: &[(&'static str, &str, SocketAddr)]) {
        if configuration.tls.certificate.is_none() {
            return;
        }
        let storage_scp = configuration.storage_scp.acceptor.tls_listen;
        let query_retrieve_scp = configuration.query_retrieve_scp.acceptor.tls_listen;
        let keys = ["storage-scp.tls-listen", "query-retrieve-scp.tls-listen"];
        if let (Some(one), Some(other)) = (storage_scp, query_retrieve_scp)
            && one != other
            && clash(one, other)
        {
            let problem =
                format!("{one} and {other} cannot both be listened on: give them one address, or two ports");
            self.broken(&keys, problem);
        }
        for (key, listen) in keys.into_iter().zip([storage_scp, query_retrieve_scp]) {
            for (plain_key, name, plain) in plain {
                if let Some(listen) = listen
                    && clash(listen, *plain)
                {
                    let port = listen.port();
                    let problem = format!(
                        "port {port} is that of {name} without TLS already: choose another one for TLS"
                    );
                    self.broken(&[key, plain_key], problem);
                }
            }
        }
    }

    /// Queries come in Implicit VR Little Endian at least (PS3.5 10.1), and a preference is for what is accepted.
    fn transfer_syntaxes(&mut self, configuration: &Configuration) {
        let queries = &configuration.query_retrieve_scp.transfer_syntaxes;
        if !queries.is_empty() && !queries.iter().any(|uid| uid.as_str() == IMPLICIT_VR_LITTLE_ENDIAN) {
            self.broken(
                &["query-retrieve-scp.transfer-syntaxes"],
                format!(
                    "query-retrieve-scp.transfer-syntaxes lacks {IMPLICIT_VR_LITTLE_ENDIAN} (Implicit VR Little \
                     Endian), which every AE accepts"
                ),
            );
        }
        let storage_scp = &configuration.storage_scp;
        let accepted = &storage_scp.transfer_syntaxes;
        let refused = |uid: &&Uid| {
            !accepted.is_empty() && !accepted.contains(uid) && uid.as_str() != IMPLICIT_VR_LITTLE_ENDIAN
        };
        if let Some(uid) = storage_scp.transfer_syntax_order.iter().find(refused) {
            self.broken(
                &["storage-scp.transfer-syntax-order", "storage-scp.transfer-syntaxes"],
                format!("storage-scp.transfer-syntax-order holds {uid}, which storage-scp.transfer-syntaxes does not"),
            );
        }
    }

    /// Whom messages are sent to over TLS has to be known.
    fn audit(&mut self, configuration: &Configuration) {
        let audit = &configuration.audit;
        let is_over_tls = audit.syslog_host.is_some() && audit.syslog_transport == SyslogTransport::Tls;
        if is_over_tls && audit.syslog_authorities.is_none() {
            self.broken(
                &["audit.syslog-authorities", "audit.syslog-transport"],
                "audit.syslog-transport is \"tls\", and audit.syslog-authorities says no file of certificates"
                    .to_owned(),
            );
        }
    }

    /// A backslash parts values, and a series has one exam type.
    fn exam_types(&mut self, configuration: &Configuration) {
        let several = |entry: &&String| entry.contains('\\');
        if let Some(entry) = configuration.storage_scp.exam_types.iter().find(several) {
            self.broken(
                &["storage-scp.exam-types"],
                format!("storage-scp.exam-types holds {entry:?}: leave out the backslash"),
            );
        }
    }

    /// No SOP class is both added and removed, and some model is offered.
    fn offers(&mut self, configuration: &Configuration) {
        let storage_scp = &configuration.storage_scp;
        let removed = |uid: &&Uid| storage_scp.sop_classes_removed.contains(uid);
        if let Some(uid) = storage_scp.sop_classes_added.iter().find(removed) {
            self.broken(
                &["storage-scp.sop-classes-removed", "storage-scp.sop-classes-added"],
                format!("the SOP class {uid} is both added and removed"),
            );
        }
        if configuration.query_retrieve_scp.information_models.is_empty() {
            self.broken(
                &["query-retrieve-scp.information-models"],
                "query-retrieve-scp.information-models is empty: name at least one".to_owned(),
            );
        }
    }
}

/// Whether two listeners cannot both be. Port 0 stands for any free one.
fn clash(one: SocketAddr, other: SocketAddr) -> bool {
    let any = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() == other.port() && one.port() != 0 && (any || one.ip() == other.ip())
}

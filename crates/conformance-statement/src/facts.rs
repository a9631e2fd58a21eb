use std::net::SocketAddr;
use std::time::Duration;

use application_entity::{Acquaintances, Entity, Network};
use catalog::QueryRules;
use holdings::HoldingsRules;
use query_retrieve_scp::{CorrectionRules, RetrieveRules};
use secure_transport::{ClientCertificates, Profile};
use storage_scp::commitment::Commitment;
use vocabulary::Uid;

/// What the statement is made from: what the server is wired from.
#[derive(Debug)]
pub struct Facts<'f> {
    /// The release.
    pub version: &'f str,
    /// The name of the preset in force.
    pub preset: &'f str,
    /// STORAGE-SCP.
    pub storage_scp: Acceptor<'f>,
    /// QUERY-RETRIEVE-SCP.
    pub query_retrieve_scp: Acceptor<'f>,
    /// STORAGE-SCU.
    pub storage_scu: Exporter<'f>,
    /// Timers, and the longest PDU to send.
    pub network: &'f Network,
    /// What queries are held to.
    pub query_rules: &'f QueryRules,
    /// How retrieves are answered.
    pub retrieve_rules: &'f RetrieveRules,
    /// What becomes of corrected values.
    pub corrections: &'f CorrectionRules,
    /// How commitment is given.
    pub commitment: &'f Commitment,
    /// What is done with instances.
    pub holdings_rules: &'f HoldingsRules,
    /// Whether C-STORE is answered with a warning where values were changed.
    pub warns_of_coercion: bool,
    /// TLS.
    pub secure: Secure<'f>,
    /// The remote AEs and users, and what they may do.
    pub acquaintances: &'f Acquaintances,
    /// The commands by which service staff talk to peers.
    pub tools: Vec<Tool>,
    /// Every setting, section by section.
    pub settings: Vec<SettingSection<'f>>,
}

/// Secure transport connections.
#[derive(Debug)]
pub struct Secure<'f> {
    /// Where it is listened for them, and the AE that does so.
    pub ports: &'f [(SocketAddr, &'static str)],
    /// What may be negotiated.
    pub profile: Profile,
    /// Whether those who call show a certificate.
    pub clients: ClientCertificates,
}

/// An AE that accepts associations.
#[derive(Debug)]
pub struct Acceptor<'f> {
    /// Its acceptance policy and its offer.
    pub entity: &'f Entity,
    /// Where it listens.
    pub listen: SocketAddr,
    /// How many associations it has at once.
    pub associations: u32,
    /// How they are counted.
    pub counted: Counted,
}

/// How associations are counted against their maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// All together.
    Total,
    /// Those of each calling AE title on their own.
    PerCallingAe {
        /// How many there are of all titles together.
        ceiling: u32,
    },
}

/// The AE that sends instances.
#[derive(Debug)]
pub struct Exporter<'f> {
    /// How it begins associations.
    pub export: &'f storage_scu::Export,
    /// How many it has at once.
    pub associations: u32,
    /// How long it waits for a C-STORE response.
    pub response_timeout: Duration,
    /// How long an order waits for one of those associations.
    pub wait_for_turn: Duration,
    /// Which statuses of C-STORE responses are warnings.
    pub warnings: storage_scu::responses::Warnings,
}

/// A command by which service staff talk to a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// What is typed.
    pub command: &'static str,
    /// The AE under whose title it does.
    pub entity: &'static str,
    /// What it is for: a clause.
    pub purpose: &'static str,
    /// The SOP classes that it is SCU of.
    pub sop_classes: Vec<Uid>,
    /// The transfer syntaxes that it proposes for each.
    pub transfer_syntaxes: Vec<Uid>,
}

/// A section of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingSection<'f> {
    /// What it is about.
    pub about: &'f str,
    /// Its settings.
    pub settings: Vec<SettingLine<'f>>,
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingLine<'f> {
    /// Its name in the file.
    pub key: &'f str,
    /// Its name for people.
    pub caption: &'f str,
    /// Its default under the preset in force, as in the file.
    pub default: String,
    /// What holds, as in the file.
    pub value: String,
    /// When a change to it holds.
    pub takes_effect: &'f str,
}

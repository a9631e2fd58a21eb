use conversion::Rules;
use vocabulary::AeTitle;

/// What instances are made into for each of the peers (CFG-032, CFG-033).
#[derive(Debug, Clone, Default)]
pub struct RulesOfPeers {
    peers: Vec<(AeTitle, Rules)>,
    others: Rules,
}

impl RulesOfPeers {
    /// The rules of the peers that have some, and those for everybody else.
    pub fn new(peers: Vec<(AeTitle, Rules)>, others: Rules) -> Self {
        Self { peers, others }
    }

    /// The rules for whoever has this title.
    pub fn of(&self, ae_title: &AeTitle) -> &Rules {
        self.peers.iter().find(|(peer, _)| peer == ae_title).map_or(&self.others, |(_, rules)| rules)
    }
}

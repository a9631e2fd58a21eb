//! Who may do what (PS3.2 F.7.2, SIL-095): each of those who speak for a request grants something, and only what all of
//! them grant may be done.

use std::fmt;

use upper_layer::negotiation::Roles;
use vocabulary::sop_class::{
    PATIENT_ROOT_FIND, PATIENT_ROOT_GET, PATIENT_ROOT_MOVE, PATIENT_STUDY_ONLY_FIND, PATIENT_STUDY_ONLY_GET,
    PATIENT_STUDY_ONLY_MOVE, STORAGE_COMMITMENT_PUSH_MODEL, STUDY_ROOT_FIND, STUDY_ROOT_GET, STUDY_ROOT_MOVE,
    VERIFICATION,
};
use vocabulary::{AeTitle, Uid};

/// Something that a requestor may be allowed. C-ECHO is allowed to whoever has an association.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// To send instances to us.
    Store,
    /// C-FIND.
    Find,
    /// C-MOVE and C-GET.
    Retrieve,
    /// To ask for storage commitment.
    AskCommitment,
}

impl Right {
    /// The setting that grants it.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Store => "may-store",
            Self::Find => "may-find",
            Self::Retrieve => "may-retrieve",
            Self::AskCommitment => "may-ask-commitment",
        }
    }

    /// What a presentation context takes of rights where the requestor is SCU, and where it is SCP, which is how
    /// C-GET sends back. None: nothing.
    fn needed(abstract_syntax: &Uid) -> [Option<Self>; 2] {
        match abstract_syntax.as_str() {
            VERIFICATION => [None, None],
            STORAGE_COMMITMENT_PUSH_MODEL => [Some(Self::AskCommitment); 2],
            PATIENT_ROOT_FIND | STUDY_ROOT_FIND | PATIENT_STUDY_ONLY_FIND => [Some(Self::Find); 2],
            PATIENT_ROOT_MOVE
            | STUDY_ROOT_MOVE
            | PATIENT_STUDY_ONLY_MOVE
            | PATIENT_ROOT_GET
            | STUDY_ROOT_GET
            | PATIENT_STUDY_ONLY_GET => [Some(Self::Retrieve); 2],
            // Everything else that can be offered is stored, private classes too.
            _ => [Some(Self::Store), Some(Self::Retrieve)],
        }
    }
}

/// What somebody grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// [`Right::Store`]
    pub store: bool,
    /// [`Right::Find`]
    pub find: bool,
    /// [`Right::Retrieve`]
    pub retrieve: bool,
    /// [`Right::AskCommitment`]
    pub ask_commitment: bool,
    /// Where C-MOVE may send to; none: anywhere.
    pub retrieve_to: Option<Vec<AeTitle>>,
}

impl Rights {
    /// Everything.
    pub const ALL: Self =
        Self { store: true, find: true, retrieve: true, ask_commitment: true, retrieve_to: None };

    fn grants(&self, right: Right) -> bool {
        match right {
            Right::Store => self.store,
            Right::Find => self.find,
            Right::Retrieve => self.retrieve,
            Right::AskCommitment => self.ask_commitment,
        }
    }

    /// Whether something is not granted.
    pub fn are_limited(&self) -> bool {
        *self != Self::ALL
    }
}

/// Who grants: the table of the configuration in which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// The `[[peer]]` of this title.
    Peer(AeTitle),
    /// `[unknown-peer]`
    UnknownPeer,
    /// The `[[user]]` of this name.
    User(String),
    /// The `[[token-key]]` of this issuer.
    TokenKey(String),
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(title) => write!(f, "[[peer]] {title}"),
            Self::UnknownPeer => f.write_str("[unknown-peer]"),
            Self::User(name) => write!(f, "[[user]] {name:?}"),
            Self::TokenKey(issuer) => write!(f, "[[token-key]] of {issuer:?}"),
        }
    }
}

/// What one of those who speak for a request grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Who.
    pub whose: Whose,
    /// What.
    pub rights: Rights,
}

/// What is granted to a requestor: what every one of these grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted(Vec<Grant>);

/// A right that was wanted and not granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// Which.
    pub right: Right,
    /// By whom.
    pub whose: Whose,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.right.setting(), self.whose)
    }
}

impl Granted {
    /// What one grants alone.
    pub fn by(grant: Grant) -> Self {
        Self(vec![grant])
    }

    /// What these grant as well.
    #[must_use]
    pub fn and(mut self, grants: impl IntoIterator<Item = Grant>) -> Self {
        self.0.extend(grants);
        self
    }

    /// Who denies a right, if somebody does.
    pub fn denies(&self, right: Right) -> Option<&Whose> {
        self.0.iter().find(|grant| !grant.rights.grants(right)).map(|grant| &grant.whose)
    }

    /// Who does not let C-MOVE send there, if somebody does not.
    pub fn denies_destination(&self, ae_title: &AeTitle) -> Option<&Whose> {
        let allows = |titles: &Vec<AeTitle>| titles.contains(ae_title);
        let denies = |grant: &&Grant| !grant.rights.retrieve_to.as_ref().is_none_or(allows);
        self.0.iter().find(denies).map(|grant| &grant.whose)
    }

    /// Of these roles of the requestor the ones that it may take for a SOP class.
    pub fn permitted(&self, abstract_syntax: &Uid, roles: Roles) -> Roles {
        // Every context of every association comes by here, and hardly anybody is limited.
        if !self.0.iter().any(|grant| grant.rights.are_limited()) {
            return roles;
        }
        let [scu, scp] = Right::needed(abstract_syntax)
            .map(|needed| needed.is_none_or(|right| self.denies(right).is_none()));
        Roles { scu: roles.scu && scu, scp: roles.scp && scp }
    }

    /// What the requestor would need for these roles and does not have.
    pub fn denied(&self, abstract_syntax: &Uid, roles: Roles) -> Option<Denied> {
        let [scu, scp] = Right::needed(abstract_syntax);
        let wanted = [scu.filter(|_| roles.scu), scp.filter(|_| roles.scp)];
        let denied = |right| Some(Denied { right, whose: self.denies(right)?.clone() });
        wanted.into_iter().flatten().find_map(denied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
    const SCU: Roles = Roles { scu: true, scp: false };
    const SCP: Roles = Roles { scu: false, scp: true };

    fn title(text: &str) -> AeTitle {
        AeTitle::parse(text).unwrap()
    }

    fn grant(whose: Whose, rights: Rights) -> Grant {
        Grant { whose, rights }
    }

    #[test]
    fn sil_095_what_one_denies_nobody_else_grants() {
        let peer = grant(Whose::Peer(title("WS1")), Rights { store: false, ..Rights::ALL });
        let user = grant(Whose::User("ann".to_owned()), Rights { find: false, ..Rights::ALL });
        let granted = Granted::by(peer).and([user]);
        assert_eq!(granted.denies(Right::Store), Some(&Whose::Peer(title("WS1"))));
        assert_eq!(granted.denies(Right::Find), Some(&Whose::User("ann".to_owned())));
        assert_eq!(granted.denies(Right::Retrieve), None);
        let denied = granted.denied(&Uid::known(STUDY_ROOT_FIND), SCU).unwrap();
        assert_eq!(denied.to_string(), "may-find of [[user]] \"ann\"");
    }

    #[test]
    fn sil_095_a_storage_class_takes_one_right_to_send_and_another_to_be_sent_to() {
        let ct = Uid::known(CT);
        let no_store = Granted::by(grant(Whose::UnknownPeer, Rights { store: false, ..Rights::ALL }));
        assert_eq!(no_store.permitted(&ct, Roles { scu: true, scp: true }), SCP);
        assert_eq!(no_store.denied(&ct, SCP), None);
        let no_retrieve = Granted::by(grant(Whose::UnknownPeer, Rights { retrieve: false, ..Rights::ALL }));
        assert_eq!(no_retrieve.permitted(&ct, Roles { scu: true, scp: true }), SCU);
        for uid in [STUDY_ROOT_GET, STUDY_ROOT_MOVE, PATIENT_ROOT_MOVE, PATIENT_STUDY_ONLY_GET] {
            assert!(no_retrieve.denied(&Uid::known(uid), SCU).is_some(), "{uid}");
        }
        let private = Uid::parse("1.2.3.4").unwrap();
        assert!(no_store.denied(&private, SCU).is_some(), "what no table knows is stored");
    }

    #[test]
    fn sil_095_every_sop_class_of_ours_but_verification_takes_a_right() {
        let nothing = Rights {
            store: false,
            find: false,
            retrieve: false,
            ask_commitment: false,
            retrieve_to: Some(Vec::new()),
        };
        let granted = Granted::by(grant(Whose::UnknownPeer, nothing));
        for class in vocabulary::sop_class::SOP_CLASSES {
            let both = Roles { scu: true, scp: true };
            let permitted = granted.permitted(&Uid::known(class.uid), both);
            let expected = class.uid == VERIFICATION;
            assert_eq!((permitted.scu, permitted.scp), (expected, expected), "{}", class.name);
        }
    }

    #[test]
    fn sil_095_destinations_are_those_in_every_list() {
        let only = |titles: &[&str]| Rights {
            retrieve_to: Some(titles.iter().map(|text| title(text)).collect()),
            ..Rights::ALL
        };
        let granted = Granted::by(grant(Whose::Peer(title("WS1")), only(&["WS1", "WS2"])))
            .and([grant(Whose::User("ann".to_owned()), only(&["WS2"]))]);
        assert_eq!(granted.denies_destination(&title("WS2")), None);
        assert_eq!(granted.denies_destination(&title("WS1")), Some(&Whose::User("ann".to_owned())));
        assert_eq!(granted.denies_destination(&title("WS3")), Some(&Whose::Peer(title("WS1"))));
    }
}

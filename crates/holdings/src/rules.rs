use vault::Sync;

/// What an operator can choose about the holdings. Each field is a setting of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HoldingsRules {
    /// What an instance waits for before it counts as kept.
    pub sync: Sync,
    /// What becomes of a different data set under a SOP Instance UID that is held already.
    pub duplicates: Duplicates,
}

/// What becomes of a different data set under a SOP Instance UID that is held already. An identical one is always
/// kept once, and success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Duplicates {
    /// Both are kept: the newer one answers queries and retrieves, the older one stays reachable.
    #[default]
    KeepBoth,
}

impl Duplicates {
    /// What becomes of one, for people: a clause.
    pub const fn words(self) -> &'static str {
        match self {
            Self::KeepBoth => {
                "both are kept: queries and retrieves find the one received last, the earlier one stays in the vault"
            }
        }
    }
}

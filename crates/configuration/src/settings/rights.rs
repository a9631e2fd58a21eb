//! What `[[peer]]`, `[unknown-peer]`, `[[user]]` and `[[token-key]]` have alike: what somebody may do.

/// The rights of one section, with a word for whom they are.
macro_rules! rights {
    ($section:literal, $whom:literal) => {
        &[
            Setting {
                key: concat!($section, ".may-store"),
                kind: Kind::Flag,
                standard: "true",
                annex_f: "true",
                takes_effect: TakesEffect::OnReload,
                caption: concat!("Right of ", $whom, " to store"),
                short: concat!("Whether ", $whom, " may send instances to STORAGE-SCP."),
                long: "If not, the presentation contexts for it are refused with result 1 (user rejection).",
                requirements: &["SIL-095"],
            },
            Setting {
                key: concat!($section, ".may-find"),
                kind: Kind::Flag,
                standard: "true",
                annex_f: "true",
                takes_effect: TakesEffect::OnReload,
                caption: concat!("Right of ", $whom, " to query"),
                short: concat!("Whether ", $whom, " may query (C-FIND)."),
                long: "If not, the presentation contexts for it are refused with result 1 (user rejection).",
                requirements: &["SIL-095"],
            },
            Setting {
                key: concat!($section, ".may-retrieve"),
                kind: Kind::Flag,
                standard: "true",
                annex_f: "true",
                takes_effect: TakesEffect::OnReload,
                caption: concat!("Right of ", $whom, " to retrieve"),
                short: concat!("Whether ", $whom, " may retrieve (C-MOVE and C-GET)."),
                long: "If not, the presentation contexts for it are refused with result 1 (user rejection).",
                requirements: &["SIL-095"],
            },
            Setting {
                key: concat!($section, ".retrieve-to"),
                kind: Kind::List(&Kind::AeTitle),
                standard: "",
                annex_f: "",
                takes_effect: TakesEffect::OnReload,
                caption: concat!("Destinations for ", $whom),
                short: concat!("The AE titles that ", $whom, " may have instances sent to (C-MOVE); none listed: any."),
                long: "Another one is refused with status 0124H (not authorized). C-GET brings instances to nobody but \
                       who asks, and is not limited by this.",
                requirements: &["SIL-095"],
            },
            Setting {
                key: concat!($section, ".may-ask-commitment"),
                kind: Kind::Flag,
                standard: "true",
                annex_f: "true",
                takes_effect: TakesEffect::OnReload,
                caption: concat!("Right of ", $whom, " to storage commitment"),
                short: concat!("Whether ", $whom, " may ask for storage commitment."),
                long: "If not, the presentation contexts for it are refused with result 1 (user rejection).",
                requirements: &["SIL-095"],
            },
        ]
    };
}

pub(super) use rights;

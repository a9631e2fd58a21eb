//! What both SCPs have, each with defaults and requirements of its own.

/// The rows of one SCP: its section, its name for people, its defaults, and the requirements of each row.
macro_rules! acceptor {
    (
        section: $section:literal, name: $name:literal, ae_title: [$ae_title:literal, $annex_f_ae_title:literal],
        listen: $listen:literal, idle: $idle:literal, requirements: {
            ae_title: $r_ae_title:expr, listen: $r_listen:expr, tls_listen: $r_tls_listen:expr, associations: $r_associations:expr,
            max_pdu: $r_max_pdu:expr, idle: $r_idle:expr, counted: $r_counted:expr, called: $r_called:expr,
            calling: $r_calling:expr, addresses: $r_addresses:expr, contexts: $r_contexts:expr $(,)?
        } $(,)?
    ) => {
        &[
            Setting {
                key: concat!($section, ".ae-title"),
                kind: Kind::AeTitle,
                standard: $ae_title,
                annex_f: $annex_f_ae_title,
                takes_effect: TakesEffect::OnReload,
                caption: concat!($name, " AE title"),
                short: concat!("The AE title of ", $name, "."),
                long: "",
                requirements: $r_ae_title,
            },
            Setting {
                key: concat!($section, ".listen"),
                kind: Kind::Address,
                standard: $listen,
                annex_f: $listen,
                takes_effect: TakesEffect::OnReload,
                caption: concat!($name, " port"),
                short: "The address and port that it listens on.",
                long: "127.0.0.1 is reached from this machine only; 0.0.0.0 or [::] from the whole network.",
                requirements: $r_listen,
            },
            Setting {
                key: concat!($section, ".tls-listen"),
                kind: Kind::AddressOrOff,
                standard: "127.0.0.1:2762",
                annex_f: "127.0.0.1:2762",
                takes_effect: TakesEffect::OnReload,
                caption: concat!($name, " port for TLS"),
                short: "The address and port that it listens on for TLS.",
                long: "Only where tls.certificate is set. Both SCPs may have the same one: the presentation contexts \
                       tell which of them is meant, and the called AE title where it is checked.",
                requirements: $r_tls_listen,
            },
            Setting {
                key: concat!($section, ".associations"),
                kind: Kind::Count { min: 1, max: 10_000 },
                standard: "10",
                annex_f: "10",
                takes_effect: TakesEffect::OnReload,
                caption: "Maximum number of simultaneous associations",
                short: "How many associations run at once.",
                long: "One more is rejected 2/3/2 (transient, local limit exceeded). Each SCP counts its own.",
                requirements: $r_associations,
            },
            Setting {
                key: concat!($section, ".associations-counted"),
                kind: Kind::Word(AssociationsCounted::WORDS),
                standard: "total",
                annex_f: "total",
                takes_effect: TakesEffect::OnReload,
                caption: "How simultaneous associations are counted",
                short: "Whether the limit is for all peers together or for each calling AE title.",
                long: "Counted per calling AE title, one hung peer cannot lock out the others.",
                requirements: $r_counted,
            },
            Setting {
                key: concat!($section, ".max-pdu"),
                kind: PDU,
                standard: "128 KiB",
                annex_f: "16 KiB",
                takes_effect: TakesEffect::OnReload,
                caption: "Maximum PDU size",
                short: "The longest P-DATA-TF PDU that it asks peers to send.",
                long: "The part behind the 6 bytes of the PDU header, as PS3.8 D.1 counts.",
                requirements: $r_max_pdu,
            },
            Setting {
                key: concat!($section, ".idle-timeout"),
                kind: seconds(1, 7 * DAY),
                standard: $idle,
                annex_f: $idle,
                takes_effect: TakesEffect::OnReload,
                caption: "Wait on an open association for the next message",
                short: "How long an open association may wait for its next request or its release.",
                long: "Any request starts the wait anew, C-ECHO too. Work that is under way does not count.",
                requirements: $r_idle,
            },
            Setting {
                key: concat!($section, ".check-called-ae-title"),
                kind: Kind::Flag,
                standard: "false",
                annex_f: "true",
                takes_effect: TakesEffect::OnReload,
                caption: "Check of the called AE title",
                short: "Whether a peer must call it by its own title.",
                long: "If so, another title is rejected 1/1/7 (called AE title not recognized).",
                requirements: $r_called,
            },
            Setting {
                key: concat!($section, ".allowed-calling-ae-titles"),
                kind: Kind::List(&Kind::AeTitle),
                standard: "",
                annex_f: "",
                takes_effect: TakesEffect::OnReload,
                caption: "Allowed calling AE titles",
                short: "The AE titles that may call; none listed: any.",
                long: "Others are rejected 1/1/3 (calling AE title not recognized). A title is a claim, not a proof: \
                       peer.calls-from says from where, and user-identity asks who.",
                requirements: $r_calling,
            },
            Setting {
                key: concat!($section, ".allowed-addresses"),
                kind: Kind::List(&Kind::AddressRange),
                standard: "",
                annex_f: "",
                takes_effect: TakesEffect::OnReload,
                caption: "Allowed IP addresses",
                short: "The addresses and ranges that may call; none listed: any.",
                long: "Others are rejected 1/1/1 (no reason given).",
                requirements: $r_addresses,
            },
            Setting {
                key: concat!($section, ".no-acceptable-context"),
                kind: Kind::Word(NoAcceptableContext::WORDS),
                standard: "accept",
                annex_f: "reject",
                takes_effect: TakesEffect::OnReload,
                caption: "Answer when no presentation context is acceptable",
                short: "What is answered when none of the proposed presentation contexts is acceptable.",
                long: "",
                requirements: $r_contexts,
            },
            Setting {
                key: concat!($section, ".user-identity"),
                kind: Kind::Word(UserIdentity::WORDS),
                standard: "off",
                annex_f: "off",
                takes_effect: TakesEffect::OnReload,
                caption: "User identity",
                short: "Whether the user identity of an association request (PS3.7 D.3.3.7) is checked.",
                long: "User names and passcodes are checked against the [[user]] tables, JSON Web Tokens by the \
                       [[token-key]] tables; Kerberos and SAML are not supported. What fails is rejected 1/2/1 \
                       (permanent, ACSE, no reason given).",
                requirements: &["SIL-009"],
            },
        ]
    };
}

pub(super) use acceptor;

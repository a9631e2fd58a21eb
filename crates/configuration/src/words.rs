//! The settings whose value is one of a few words.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One word that a setting may have, and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// The word as it is typed.
    pub word: &'static str,
    /// What it means, in one clause.
    pub meaning: &'static str,
}

/// A type that is one of a few words.
pub trait Words: Copy + 'static {
    /// All words, the usual one first.
    const WORDS: &'static [Word];
    /// The value that a word names.
    fn from_word(word: &str) -> Option<Self>;
    /// The word of a value.
    fn as_str(self) -> &'static str;
}

/// Makes an enum, its words and their meanings from one list.
macro_rules! words {
    ($($(#[$about:meta])* $name:ident { $($variant:ident = $word:literal, $meaning:literal;)+ })+) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $(#[doc = concat!("`", $word, "`: ", $meaning, ".")] $variant,)+
        }

        impl Words for $name {
            const WORDS: &'static [Word] = &[$(Word { word: $word, meaning: $meaning }),+];

            fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }

            fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

words! {
    /// Which set of defaults every setting starts from.
    Preset {
        Standard = "standard", "PS3.4, PS3.7 and PS3.8 as they stand, and what today's users need";
        AnnexF = "annex-f", "what the sample of PS3.2 annex F describes, to the letter";
    }
    /// What keeps associations apart.
    Isolation {
        Process = "process", "a process for each association";
        Thread = "thread", "a thread for each association, all in one process";
    }
    /// Whether what an association could do to this machine is bounded by the kernel.
    Sandbox {
        On = "on", "bounded as far as the kernel can; what it cannot is said at the start";
        Off = "off", "not bounded beyond the rights of the user";
        Required = "required", "as on, and the server does not start where the kernel cannot";
    }
    /// The form of log lines.
    LogFormat {
        Text = "text", "lines for people";
        Json = "json", "one JSON object a line";
    }
    /// The least grave log lines that are written.
    LogLevel {
        Info = "info", "what a service engineer wants to see";
        Error = "error", "failures of ours only";
        Warn = "warn", "failures and refusals";
        Debug = "debug", "each message";
        Trace = "trace", "each PDU";
    }
    /// How simultaneous associations are counted against the limit.
    AssociationsCounted {
        Total = "total", "all associations together";
        PerCallingAe = "per-calling-ae", "the associations of each calling AE title on their own";
    }
    /// Whether who calls over TLS shows a certificate.
    ClientCertificates {
        Required = "required", "who shows none is not served";
        Optional = "optional", "who shows none is served, who shows one that is not trusted is not";
        None = "none", "nobody is asked for one";
    }
    /// The secure transport connection profile.
    TlsProfile {
        Bcp195 = "bcp-195", "BCP 195: TLS 1.2 and 1.3 with every cipher suite that is good today";
        NonDowngradingBcp195 = "non-downgrading-bcp-195", "Non-Downgrading BCP 195: the AES-GCM suites of these alone";
    }
    /// What is answered when no proposed presentation context is acceptable.
    NoAcceptableContext {
        Accept = "accept", "the association is accepted and each context in it refused with its reason";
        Reject = "reject", "the association is rejected 1/1/1 (permanent, service user, no reason given)";
    }
    /// Whether the user identity of an association request is checked.
    UserIdentity {
        Off = "off", "it is ignored and not answered";
        Optional = "optional", "one that is given must be right; without one, or with one of a kind that is not supported, the rights are those of the peer";
        Required = "required", "an association without one that is right is rejected";
    }
    /// How a JSON Web Token is signed.
    TokenAlgorithm {
        Rs256 = "RS256", "RSA (PKCS #1 v1.5) with SHA-256, a key of 2048 bits at least";
        Es256 = "ES256", "ECDSA on P-256 with SHA-256";
        EdDsa = "EdDSA", "Ed25519";
        Hs256 = "HS256", "HMAC with SHA-256: who can verify can also sign";
    }
    /// The storage SOP classes that are accepted to begin with.
    SopClasses {
        All = "all", "every storage SOP class of PS3.4 B.5 and B.6, retired ones included";
        Images = "images", "of these, the ones whose instances are images";
        AnnexF = "annex-f", "the eight image classes that annex F lists, and NM Image Storage (Retired)";
        None = "none", "no class but those in sop-classes-added";
    }
    /// The SOP classes for which compressed transfer syntaxes are accepted.
    CompressedFor {
        EveryClass = "every-class", "any accepted storage SOP class";
        AnnexFClasses = "annex-f-classes", "ultrasound, visible light and Secondary Capture";
    }
    /// When an instance counts as durable.
    Sync {
        Instance = "instance", "file and name are synced to the disk before 0000H is answered";
        None = "none", "nothing is synced: a power cut may lose instances that were acknowledged";
    }
    /// What becomes of an instance under a SOP Instance UID that is held already.
    Duplicates {
        KeepBoth = "keep-both", "an identical one is kept once, of different ones both are kept and the newer one is found";
        NewUid = "new-uid", "it is kept under a new SOP Instance UID, identical or not";
        Replace = "replace", "an identical one is kept once, a different one replaces the one before, which is set aside";
    }
    /// What becomes of an instance under a Patient ID that is known with another name.
    PatientIdConflict {
        Accept = "accept", "it is kept under that Patient ID";
        Coerce = "coerce", "its Patient ID is changed: a hyphen and eight digits made from the name are added";
    }
    /// What queries and exports have of the Patient's Name.
    Names {
        AsReceived = "as-received", "all of it";
        TwoParts = "two-parts", "the last and the first name of one component group, 64 characters of each";
    }
    /// What queries and exports have of the Patient's Sex.
    Sex {
        AsReceived = "as-received", "what came";
        Letter = "letter", "M, F or O by its first letter; else U, which is exported as no value";
    }
    /// What queries have of the Modality.
    Modality {
        AsReceived = "as-received", "what came";
        TwoCharacters = "two-characters", "what came if it has two characters, else default-modality or nothing";
    }
    /// What is answered when values of an instance were changed.
    CoercionAnswer {
        Warning = "warning", "B000H (coercion of data elements)";
        Success = "success", "0000H";
    }
    /// What a data set must have.
    RequiredElements {
        Identification = "identification", "the UIDs of SOP class, study, series and SOP instance";
        Display = "display", "these, and in images Photometric Interpretation, Bits Allocated and Bits Stored";
    }
    /// How the audit trail is passed on.
    SyslogTransport {
        Tcp = "tcp", "over TCP, as it is (RFC 6587)";
        Tls = "tls", "over TLS (RFC 5425)";
    }
    /// What an instance must be so that storage commitment is given for it.
    CommitmentCheck {
        ClassAndFile = "class-and-file", "held under the SOP class that the request names, its file whole and durable";
        Catalog = "catalog", "in the catalog by its SOP Instance UID, and of a supported SOP class by the request";
    }
    /// What is answered to a storage commitment request in which something is missing.
    CommitmentIncomplete {
        InvalidArgument = "invalid-argument", "0115H, which PS3.7 has for N-ACTION";
        MissingAttribute = "missing-attribute", "0120H for a missing attribute, 0121H for a missing value";
    }
    /// What becomes of a notification that the peer answers with a failure.
    NotificationRefused {
        Retry = "retry", "it is sent again, as after a failure of the network";
        GiveUp = "give-up", "it is not sent again";
    }
    /// A Query/Retrieve information model.
    InformationModel {
        PatientRoot = "patient-root", "Patient Root";
        StudyRoot = "study-root", "Study Root";
        PatientStudyOnly = "patient-study-only", "Patient/Study Only (retired)";
    }
    /// Whether a request is taken that PS3.4 does not allow but that has an obvious meaning.
    Lenience {
        Accept = "accept", "the request is taken for the meaning that suggests itself";
        Refuse = "refuse", "the request is refused with A900H";
    }
    /// What becomes of keys of a higher level that are not unique keys.
    HigherLevelKeys {
        Match = "match", "matched and returned, as a relational query would";
        Ignore = "ignore", "neither matched nor returned, and reported as unmatched";
        Refuse = "refuse", "the query is refused with A900H";
    }
    /// What several values in one key mean.
    SeveralValues {
        AnyOf = "any-of", "one of them is enough";
        Refuse = "refuse", "the query is refused with A900H";
    }
    /// What a key that is not matched does to the pending status.
    UnmatchedKeys {
        Warn = "warn", "FF01H when an optional key is unknown, or known but not matched";
        WarnUnknown = "warn-unknown", "FF01H only when an optional key is unknown";
    }
    /// The attributes in each C-FIND response.
    ReturnedAttributes {
        Standard = "standard", "what was asked for, and what PS3.4 C.4.1.1.3.2 adds to every response";
        Requested = "requested", "what was asked for and nothing else";
    }
    /// The keys that C-FIND knows, and how each is matched.
    MatchingTable {
        Standard = "standard", "every key of PS3.4 C.6, matched as its VR allows (PS3.4 C.2.2.2)";
        AnnexF = "annex-f", "the twenty attributes of annex F, each with the kinds of matching that its table gives";
    }
    /// The final status of a retrieve whose sub-operations all succeeded, some with warnings.
    WarningsEndIn {
        Warning = "warning", "B000H";
        Success = "success", "0000H; the counter of warnings says that there were some";
    }
    /// The final status of a retrieve in which some sub-operations failed and some did not.
    PartialFailure {
        Warning = "warning", "B000H";
        Refused = "refused", "A702H";
    }
    /// What a failed sub-operation does to the retrieve.
    OnSubOperationFailure {
        Continue = "continue", "the other instances are still sent";
        Stop = "stop", "the retrieve ends; nothing more is sent";
    }
    /// The statuses of C-STORE responses that count as warnings.
    WarningStatuses {
        Standard = "standard", "those of PS3.7 C.4: 0001H, 0107H, 0116H and every one from B000H to BFFFH";
        AnnexF = "annex-f", "B000H, B006H, B007H, 0107H and 0116H";
    }
    /// What is done where digitally signed instances would be changed.
    SignedInstances {
        AsHeld = "as-held", "they are not changed: what cannot go as it is held is not sent";
        Changed = "changed", "they are changed like any other, and lose their signatures";
    }
    /// What becomes of ultrasound instances whose SOP class a destination does not take.
    UltrasoundClasses {
        WhenNeeded = "when-needed", "retired and current ultrasound classes are turned into each other";
        AsHeld = "as-held", "they are not sent";
    }
    /// Whether images are compressed with loss for a destination.
    LossyCompression {
        Never = "never", "no image loses anything";
        WhenNeeded = "when-needed", "where the destination takes the image as nothing else";
        Preferred = "preferred", "wherever the destination takes it";
    }
    /// The photometric interpretation that a destination wants.
    PhotometricInterpretation {
        AsHeld = "as-held", "images stay what they are, but for what decompressing them takes";
        Monochrome2 = "monochrome2", "every image is converted to MONOCHROME2";
        Rgb = "rgb", "every image is converted to RGB";
    }
    /// Which values leave with instances that were corrected.
    CorrectedValues {
        Corrected = "corrected", "the corrected ones";
        AsReceived = "as-received", "those that were received";
    }
    /// How presentation contexts are proposed to a destination.
    Contexts {
        SeveralSyntaxes = "several-syntaxes", "one context a SOP class, with all transfer syntaxes that would do";
        OneSyntaxEach = "one-syntax-each", "one context for each SOP class and transfer syntax";
    }
}

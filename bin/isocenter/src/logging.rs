//! The service log (GEN-013): to standard error, as text or JSON.

mod json;

use std::io::IsTerminal;

use configuration::{Log, LogFormat, LogLevel};
use tracing::Level;
use tracing_subscriber::fmt::format::JsonFields;

/// The names under which an entry of the service log says something, and what. Who reads JSON can rely on them.
#[cfg(test)]
pub(crate) const FIELDS: &[(&str, &str)] = &[
    ("timestamp", "when, in UTC"),
    ("level", "ERROR, WARN, INFO, DEBUG or TRACE"),
    ("message", "what happened, in words"),
    ("peer", "IP address and port of whoever called; the same in all entries of an association"),
    ("calling", "AE title of whoever called, as it was written"),
    ("called", "AE title that was called, as it was written"),
    ("user", "the user whose identity came with the association and was found right"),
    ("operation", "what the peer asked for: C-ECHO, C-STORE, C-FIND, C-MOVE, C-GET, N-ACTION"),
    ("message_id", "the Message ID of that request"),
    ("status", "what was answered by whoever answered, with its meaning"),
    ("why", "the reason in words, as it goes out in Error Comment"),
    ("rejection", "result, source and reason of an A-ASSOCIATE-RJ"),
    ("entity", "the AE of ours that an association is with"),
    ("contexts", "how many presentation contexts were accepted"),
    ("refused_contexts", "how many were proposed and not accepted"),
    ("requests", "how many requests came over an association"),
    ("stored", "how many instances were stored over it"),
    ("refused", "how many instances were refused over it"),
    ("query_level", "the Query/Retrieve Level"),
    ("keys", "the keywords that a query restricts; never their values"),
    ("tls", "the version of TLS of a secure connection"),
    ("suite", "the cipher suite of a secure connection"),
    ("certificate", "a certificate: its first name and its SHA-256 fingerprint"),
    ("matches", "how many matches were sent"),
    ("took_ms", "how long it took, in milliseconds"),
    ("destination", "AE title of whoever instances or notifications go to"),
    ("address", "host and port of the destination"),
    ("instances", "how many instances a retrieve, a scrub or a comparison of vault and catalog is about"),
    ("completed", "how many of them were sent"),
    ("failed", "how many were not, or are not held (storage commitment)"),
    ("warning", "how many were sent and answered with a warning"),
    ("instance", "a SOP Instance UID"),
    ("class", "a SOP class"),
    ("syntax", "a transfer syntax"),
    (
        "kept_as",
        "the SOP Instance UID under which an instance is kept, where it is another one than it came with",
    ),
    ("coerced", "the attributes whose values are exported otherwise than they came"),
    ("sent_as", "the SOP Instance UID under which an instance was sent"),
    ("how", "whether an instance was new"),
    ("bytes", "the length of a data set, or of all that a scrub has read"),
    ("transaction", "a Transaction UID of storage commitment"),
    ("committed", "how many instances storage commitment was given for"),
    ("reasons", "the failure reasons of the others"),
    ("repeated", "how many instances a request names more than once"),
    ("attempts", "how many attempts there were"),
    ("attempts_left", "how many there will be"),
    ("of", "how many attempts there are at most"),
    ("again_in", "when it is tried again"),
    ("retry_in", "when it is tried again"),
    ("restart_in", "when a process is started again"),
    ("waiting", "how many notifications wait"),
    ("response", "a response to nothing that was asked"),
    ("pid", "a process"),
    ("activity", "what it was doing"),
    ("open_for", "how long a connection said nothing"),
    ("serving", "how many associations are ended"),
    ("running", "how many associations are finished first"),
    ("grace", "how long that may take"),
    ("listeners", "where it listens"),
    ("listen", "where it cannot listen"),
    ("version", "the release"),
    ("preset", "the set of defaults"),
    ("data", "the directory of the holdings"),
    ("storage_scp", "where STORAGE-SCP listens"),
    ("query_retrieve_scp", "where QUERY-RETRIEVE-SCP listens"),
    ("path", "a file of the vault"),
    ("file", "a file of the data directory"),
    ("aside", "where a file that cannot be read was put"),
    ("held", "the SOP class under which an instance is held"),
    ("asked", "the SOP class under which storage commitment was asked for"),
    ("cause", "what the system says; of a process that ended, what its end tells"),
    ("faults", "how many faults a scrub found, those of earlier ones among them"),
    ("drafts", "how many instances that did not come to their end were removed at the start"),
    ("last_end", "how the last run ended"),
    ("days", "how many days of the vault were compared with the catalog"),
    ("recorded", "how many instances the catalog lacked"),
    ("damaged", "how many files are damaged"),
    ("lost", "how many files are missing"),
];

/// Begins to log. Children write to the same standard error, each line whole.
pub(crate) fn init(log: Log) {
    let level = match log.level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_target(false)
        .with_writer(std::io::stderr)
        // It would be said on standard error, which is what cannot be written to.
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal());
    match log.format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.fmt_fields(JsonFields::new()).event_format(json::OneObject).init(),
    }
}

#[cfg(test)]
mod tests;

//! Events as messages of PS3.15 A.5: the schema of A.5.1, the event specific contents of A.5.3.

use jiff::Timestamp;

use crate::event::{Corrected, Event, Node, Study, What};
use crate::xml::{Xml, base64};

/// A code of PS3.16, context groups 400 to 404.
struct Code(&'static str, &'static str);

const APPLICATION_ACTIVITY: Code = Code("110100", "Application Activity");
const BEGIN_TRANSFERRING: Code = Code("110102", "Begin Transferring DICOM Instances");
const INSTANCES_ACCESSED: Code = Code("110103", "DICOM Instances Accessed");
const INSTANCES_TRANSFERRED: Code = Code("110104", "DICOM Instances Transferred");
const QUERY: Code = Code("110112", "Query");
const SECURITY_ALERT: Code = Code("110113", "Security Alert");

const APPLICATION_START: Code = Code("110120", "Application Start");
const APPLICATION_STOP: Code = Code("110121", "Application Stop");
const NODE_AUTHENTICATION: Code = Code("110126", "Node Authentication");
const AUDIT_RECORDING_STOPPED: Code = Code("110133", "Audit Recording Stopped");

const APPLICATION: Code = Code("110150", "Application");
const DESTINATION: Code = Code("110152", "Destination Role ID");
const SOURCE: Code = Code("110153", "Source Role ID");

const STUDY_INSTANCE_UID: Code = Code("110180", "Study Instance UID");
const SERIES_INSTANCE_UID: Code = Code("112002", "Series Instance UID");
const SOP_CLASS_UID: Code = Code("110181", "SOP Class UID");
const NODE_ID: Code = Code("110182", "Node ID");

/// Event Outcome Indicator.
const SUCCESS: &str = "0";
const MINOR_FAILURE: &str = "4";
const SERIOUS_FAILURE: &str = "8";

/// Who takes part, and how.
struct Participant<'a> {
    node: &'a Node,
    asks: bool,
    role: Option<Code>,
}

/// The message of an event. `source`: Audit Source ID.
pub(crate) fn message(event: &Event, source: &str) -> String {
    let ours = |name: &str| Node { name: name.to_owned(), host: String::new() };
    let mut xml = Xml::default();
    xml.begin("AuditMessage");
    match &event.what {
        What::Started | What::Stopped => {
            let is_start = event.what == What::Started;
            let kind = if is_start { APPLICATION_START } else { APPLICATION_STOP };
            identify(&mut xml, event, "E", APPLICATION_ACTIVITY, Some(kind));
            participate(
                &mut xml,
                &[Participant { node: &ours(source), asks: false, role: Some(APPLICATION) }],
            );
            made_by(&mut xml, source);
        }
        What::Associated { peer, called } => {
            identify(&mut xml, event, "E", SECURITY_ALERT, Some(NODE_AUTHENTICATION));
            participate(
                &mut xml,
                &[
                    Participant { node: peer, asks: true, role: None },
                    Participant { node: &ours(called), asks: false, role: None },
                ],
            );
            made_by(&mut xml, source);
            node(&mut xml, called, "association");
        }
        What::Received { from, called, study } => {
            identify(&mut xml, event, "C", INSTANCES_TRANSFERRED, None);
            participate(
                &mut xml,
                &[
                    Participant { node: from, asks: true, role: Some(SOURCE) },
                    Participant { node: &ours(called), asks: false, role: Some(DESTINATION) },
                ],
            );
            made_by(&mut xml, source);
            if let Some(study) = study {
                instances(&mut xml, study);
            }
        }
        What::Queried { by, called, sop_class, transfer_syntax, identifier, matches } => {
            identify(&mut xml, event, "E", QUERY, None);
            participate(
                &mut xml,
                &[
                    Participant { node: by, asks: true, role: Some(SOURCE) },
                    Participant { node: &ours(called), asks: false, role: Some(DESTINATION) },
                ],
            );
            made_by(&mut xml, source);
            object(&mut xml, sop_class, "2", "3");
            id_type(&mut xml, &SOP_CLASS_UID);
            xml.begin("ParticipantObjectQuery").text(&base64(identifier)).end();
            detail(&mut xml, "TransferSyntax", transfer_syntax);
            detail(&mut xml, "Matches", &matches.to_string());
            xml.end();
        }
        What::Sending { by, from, to, study } | What::Sent { by, from, to, study } => {
            let is_done = matches!(event.what, What::Sent { .. });
            let (action, kind) =
                if is_done { ("C", INSTANCES_TRANSFERRED) } else { ("E", BEGIN_TRANSFERRING) };
            identify(&mut xml, event, action, kind, None);
            let is_by_itself = by == to;
            participate(
                &mut xml,
                &[
                    Participant { node: &ours(from), asks: false, role: Some(SOURCE) },
                    Participant { node: to, asks: is_by_itself, role: Some(DESTINATION) },
                ],
            );
            if !is_by_itself {
                participate(&mut xml, &[Participant { node: by, asks: true, role: None }]);
            }
            made_by(&mut xml, source);
            instances(&mut xml, study);
        }
        What::Corrected { by, object: corrected } => {
            identify(&mut xml, event, "U", INSTANCES_ACCESSED, None);
            participate(&mut xml, &[Participant { node: by, asks: true, role: None }]);
            made_by(&mut xml, source);
            let mut of = |uid: &str, kind: Code| {
                object(&mut xml, uid, "2", "3");
                id_type(&mut xml, &kind);
                xml.end();
            };
            match corrected {
                Corrected::Patient(id) => patient(&mut xml, id),
                Corrected::Study(uid) => of(uid, STUDY_INSTANCE_UID),
                Corrected::Series(uid) => of(uid, SERIES_INSTANCE_UID),
            }
        }
        What::Disturbed => {
            identify(&mut xml, event, "E", SECURITY_ALERT, Some(AUDIT_RECORDING_STOPPED));
            participate(
                &mut xml,
                &[Participant { node: &ours(source), asks: false, role: Some(APPLICATION) }],
            );
            made_by(&mut xml, source);
            node(&mut xml, source, "audit trail");
        }
    }
    xml.into_text()
}

fn identify(xml: &mut Xml, event: &Event, action: &str, id: Code, kind: Option<Code>) {
    let (outcome, words) = match &event.failure {
        None => (SUCCESS, None),
        Some(failure) if failure.entirely => (SERIOUS_FAILURE, Some(&failure.words)),
        Some(failure) => (MINOR_FAILURE, Some(&failure.words)),
    };
    xml.begin("EventIdentification").with("EventActionCode", action);
    xml.with("EventDateTime", &timestamp(event)).with("EventOutcomeIndicator", outcome);
    code(xml, "EventID", &id);
    if let Some(kind) = kind {
        code(xml, "EventTypeCode", &kind);
    }
    if let Some(words) = words {
        xml.begin("EventOutcomeDescription").text(words).end();
    }
    xml.end();
}

/// When it happened, in UTC.
pub(crate) fn timestamp(event: &Event) -> String {
    let at = Timestamp::try_from(event.at()).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

fn code(xml: &mut Xml, element: &'static str, Code(value, meaning): &Code) {
    xml.begin(element).with("csd-code", value).with("codeSystemName", "DCM");
    xml.with("originalText", meaning).end();
}

fn participate(xml: &mut Xml, participants: &[Participant<'_>]) {
    /// Network Access Point Type Code.
    const MACHINE_NAME: &str = "1";
    const IP_ADDRESS: &str = "2";
    for Participant { node, asks, role } in participants {
        xml.begin("ActiveParticipant").with("UserID", &node.name);
        xml.with("UserIsRequestor", if *asks { "true" } else { "false" });
        if !node.host.is_empty() {
            let is_address = node.host.parse::<std::net::IpAddr>().is_ok();
            xml.with("NetworkAccessPointID", &node.host);
            xml.with("NetworkAccessPointTypeCode", if is_address { IP_ADDRESS } else { MACHINE_NAME });
        }
        if let Some(role) = role {
            code(xml, "RoleIDCode", role);
        }
        xml.end();
    }
}

/// What stands between participants and objects: who makes the message.
fn made_by(xml: &mut Xml, source: &str) {
    /// Audit Source Type Code: an application server.
    const APPLICATION_SERVER: &str = "4";
    xml.begin("AuditSourceIdentification").with("AuditSourceID", source);
    xml.begin("AuditSourceTypeCode").with("csd-code", APPLICATION_SERVER).end().end();
}

/// Begins an object.
fn object(xml: &mut Xml, id: &str, kind: &str, role: &str) {
    xml.begin("ParticipantObjectIdentification").with("ParticipantObjectID", id);
    xml.with("ParticipantObjectTypeCode", kind).with("ParticipantObjectTypeCodeRole", role);
}

fn id_type(xml: &mut Xml, kind: &Code) {
    code(xml, "ParticipantObjectIDTypeCode", kind);
}

fn detail(xml: &mut Xml, kind: &str, value: &str) {
    xml.begin("ParticipantObjectDetail").with("type", kind).with("value", &base64(value.as_bytes())).end();
}

fn instances(xml: &mut Xml, study: &Study) {
    // Of what was refused before anything was looked for.
    if study.uid.is_empty() {
        return;
    }
    object(xml, &study.uid, "2", "3");
    id_type(xml, &STUDY_INSTANCE_UID);
    for (class, count) in &study.classes {
        xml.begin("SOPClass").with("UID", class).with("NumberOfInstances", &count.to_string()).end();
    }
    xml.end();
    patient(xml, &study.patient_id);
}

fn patient(xml: &mut Xml, patient_id: &str) {
    object(xml, patient_id, "1", "1");
    xml.begin("ParticipantObjectIDTypeCode").with("csd-code", "2").with("codeSystemName", "RFC-3881");
    xml.with("originalText", "Patient Number").end().end();
}

fn node(xml: &mut Xml, id: &str, alert: &str) {
    object(xml, id, "2", "13");
    id_type(xml, &NODE_ID);
    detail(xml, "Alert Description", alert);
    xml.end();
}

#[cfg(test)]
mod tests;

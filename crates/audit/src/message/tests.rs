use std::time::{Duration, SystemTime};

use super::*;

fn at() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(1_795_000_000_000_042)
}

fn viewer() -> Node {
    Node { name: "VIEWER1".to_owned(), host: "10.0.0.9".to_owned() }
}

fn study() -> Study {
    let classes = vec![("1.2.840.10008.5.1.4.1.1.2".to_owned(), 12)];
    Study { uid: "1.2.3".to_owned(), patient_id: "P<1>".to_owned(), classes }
}

fn of(what: What) -> String {
    message(&Event::new(at(), what), "ARCHIVE")
}

/// What stands between the start tag of the message and its end, as names of elements in order, without what is in them.
fn parts(message: &str) -> Vec<&str> {
    let inner = message.strip_prefix("<AuditMessage>").unwrap().strip_suffix("</AuditMessage>").unwrap();
    let (mut parts, mut depth, mut rest) = (Vec::new(), 0, inner);
    while let Some((_, tag)) = rest.split_once('<') {
        let (tag, after) = tag.split_once('>').unwrap();
        rest = after;
        if tag.starts_with('/') {
            depth -= 1;
            continue;
        }
        if depth == 0 {
            parts.push(tag.split_once(' ').map_or(tag, |(name, _)| name));
        }
        depth += i32::from(!tag.ends_with('/'));
    }
    assert_eq!(depth, 0);
    parts
}

#[test]
fn the_parts_of_a_message_come_in_the_order_of_the_schema() {
    let all = [
        (What::Started, 1, 0),
        (What::Stopped, 1, 0),
        (What::Associated { peer: viewer(), called: "ISO".to_owned() }, 2, 1),
        (What::Received { from: viewer(), called: "ISO".to_owned(), study: Some(study()) }, 2, 2),
        (What::Received { from: viewer(), called: "ISO".to_owned(), study: None }, 2, 0),
        (What::Sending { by: viewer(), from: "ISO".to_owned(), to: viewer(), study: study() }, 2, 2),
        (What::Sent { by: viewer(), from: "ISO".to_owned(), to: Node::default(), study: study() }, 3, 2),
        (What::Corrected { by: viewer(), object: Corrected::Series("1.2".to_owned()) }, 1, 1),
        (What::Disturbed, 1, 1),
    ];
    for (what, participants, objects) in all {
        let message = of(what);
        let mut expected = vec!["EventIdentification"];
        expected.extend(vec!["ActiveParticipant"; participants]);
        expected.push("AuditSourceIdentification");
        expected.extend(vec!["ParticipantObjectIdentification"; objects]);
        assert_eq!(parts(&message), expected, "{message}");
    }
}

#[test]
fn what_was_stored_is_a_transfer_with_its_study_classes_and_patient() {
    let text = of(What::Received { from: viewer(), called: "ISO".to_owned(), study: Some(study()) });
    for part in [
        "<EventIdentification EventActionCode=\"C\" EventDateTime=\"2026-11-18T11:06:40.000042Z\" EventOutcomeIndicator=\"0\">",
        "<EventID csd-code=\"110104\" codeSystemName=\"DCM\" originalText=\"DICOM Instances Transferred\"/>",
        "<ActiveParticipant UserID=\"VIEWER1\" UserIsRequestor=\"true\" NetworkAccessPointID=\"10.0.0.9\" \
         NetworkAccessPointTypeCode=\"2\"><RoleIDCode csd-code=\"110153\"",
        "<ActiveParticipant UserID=\"ISO\" UserIsRequestor=\"false\"><RoleIDCode csd-code=\"110152\"",
        "<AuditSourceIdentification AuditSourceID=\"ARCHIVE\">",
        "ParticipantObjectID=\"1.2.3\" ParticipantObjectTypeCode=\"2\" ParticipantObjectTypeCodeRole=\"3\">",
        "<SOPClass UID=\"1.2.840.10008.5.1.4.1.1.2\" NumberOfInstances=\"12\"/>",
        "ParticipantObjectID=\"P&lt;1&gt;\" ParticipantObjectTypeCode=\"1\" ParticipantObjectTypeCodeRole=\"1\">",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_query_has_its_identifier_and_what_failed_says_so() {
    let what = What::Queried {
        by: viewer(),
        called: "ISO".to_owned(),
        sop_class: "1.2.840.10008.5.1.4.1.2.2.1".to_owned(),
        transfer_syntax: "1.2.840.10008.1.2.1".to_owned(),
        identifier: b"foo".to_vec(),
        matches: 7,
    };
    let text = message(&Event::new(at(), what).failed(true, "A900 & more"), "ARCHIVE");
    for part in [
        "EventOutcomeIndicator=\"8\"",
        "<EventOutcomeDescription>A900 &amp; more</EventOutcomeDescription>",
        "ParticipantObjectID=\"1.2.840.10008.5.1.4.1.2.2.1\"",
        "<ParticipantObjectQuery>Zm9v</ParticipantObjectQuery>",
        "<ParticipantObjectDetail type=\"TransferSyntax\" value=\"MS4yLjg0MC4xMDAwOC4xLjIuMQ==\"/>",
        "<ParticipantObjectDetail type=\"Matches\" value=\"Nw==\"/>",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let partly = message(&Event::new(at(), What::Started).failed(false, "some"), "ARCHIVE");
    assert!(partly.contains("EventOutcomeIndicator=\"4\""));
}

#[test]
fn of_what_is_sent_to_a_third_all_three_take_part_and_the_asker_asks() {
    let to = Node { name: "PACS".to_owned(), host: "archive.example".to_owned() };
    let text = of(What::Sent { by: viewer(), from: "ISO".to_owned(), to, study: study() });
    assert!(text.contains("UserID=\"PACS\" UserIsRequestor=\"false\" NetworkAccessPointID=\"archive.example\" NetworkAccessPointTypeCode=\"1\""));
    assert!(text.contains("UserID=\"VIEWER1\" UserIsRequestor=\"true\""));
    let back = of(What::Sent { by: viewer(), from: "ISO".to_owned(), to: viewer(), study: study() });
    assert_eq!(back.matches("UserIsRequestor=\"true\"").count(), 1);
    assert_eq!(back.matches("UserID=").count(), 2);
}

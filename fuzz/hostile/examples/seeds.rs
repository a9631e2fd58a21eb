//! Writes something sound for each fuzz target to begin with: `cargo run -p hostile --example seeds -- fuzz/corpus`.
#![allow(clippy::unwrap_used, missing_docs, reason = "a tool for those who change the targets")]

use std::io::{Cursor, Read};
use std::os::unix::net::UnixListener;
use std::path::Path;

use catalog::Catalog;
use conversion::{Applied, Lossy, Plan, Rules, Stored};
use dataset::{CharacterSet, DataSetWriter, FileMeta, Identifier};
use dimse::{EchoRq, FindRq, GetRq, Message, NActionRq, NEventReportRq, Outcome, Priority, StoreRq};
use upper_layer::negotiation::{Identity, agreed};
use upper_layer::pdu::{
    AssociateAc, AsynchronousWindow, CommonExtendedNegotiation, ContextAnswer, ContextRefusal,
    ExtendedNegotiation, ProposedContext, RELEASE_RP, RELEASE_RQ, RoleSelection, UserIdentity,
};
use upper_layer::{Abort, AssociateRq, Rejection};
use vocabulary::{AeTitle, Encoding, Status, Tag, Uid, Vr};

const ECHO: &str = "1.2.840.10008.1.1";
const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
const COMMITMENT: &str = "1.2.840.10008.1.20.1";
const ENCODINGS: [Encoding; 3] =
    [Encoding::ImplicitLittleEndian, Encoding::ExplicitLittleEndian, Encoding::ExplicitBigEndian];

struct Seeds<'f>(&'f Path);

impl Seeds<'_> {
    fn put(&self, target: &str, name: &str, parts: &[&[u8]]) {
        let folder = self.0.join(target);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("seed-{name}")), parts.concat()).unwrap();
    }
}

fn uid(text: &'static str) -> Uid {
    Uid::known(text)
}

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "fuzz/corpus".to_owned());
    let seeds = Seeds(Path::new(&folder));
    associations(&seeds);
    data_sets(&seeds);
    character_sets(&seeds);
    queries(&seeds);
    settings(&seeds);
    pictures(&seeds);
    recorders(&seeds);
    children(&seeds);
}

fn request() -> AssociateRq {
    let ours = Identity {
        max_pdu_length: 16 * 1024,
        implementation_class_uid: uid("1.2.3.4"),
        implementation_version_name: "HOSTILE".to_owned(),
    };
    let contexts = [ECHO, CT, FIND].iter().zip([1, 3, 5]).map(|(class, id)| ProposedContext {
        id,
        abstract_syntax: uid(class),
        transfer_syntaxes: vec![uid("1.2.840.10008.1.2"), uid("1.2.840.10008.1.2.1")],
    });
    let title = |text| AeTitle::parse(text).unwrap();
    AssociateRq::new(&title("THEM"), &title("US"), contexts.collect(), ours.to_user_information())
}

fn full_request() -> AssociateRq {
    let mut request = request();
    let information = &mut request.user_information;
    information.asynchronous_window = Some(AsynchronousWindow { invoked: 1, performed: 1 });
    information.role_selections.push(RoleSelection { sop_class: uid(CT), scu: true, scp: true });
    information
        .extended_negotiations
        .push(ExtendedNegotiation { sop_class: uid(FIND), information: vec![1, 1, 1] });
    information.common_extended_negotiations.push(CommonExtendedNegotiation {
        sop_class: uid(CT),
        service_class: uid("1.2.840.10008.4.2"),
        related_general_sop_classes: vec![uid(ECHO)],
    });
    information.user_identity = Some(UserIdentity {
        identity_type: 2,
        positive_response_requested: true,
        primary: b"user".to_vec(),
        secondary: b"word".to_vec(),
    });
    request
}

fn answer(request: &AssociateRq) -> AssociateAc {
    let answers = request.presentation_contexts.iter().map(|context| ContextAnswer {
        id: context.id,
        answer: context.transfer_syntaxes.first().cloned().ok_or(ContextRefusal::NoReason),
    });
    let answer = AssociateAc {
        protocol_version: 1,
        called_ae_title: request.called_ae_title,
        calling_ae_title: request.calling_ae_title,
        application_context: upper_layer::pdu::APPLICATION_CONTEXT_NAME.to_owned(),
        presentation_contexts: answers.collect(),
        user_information: request.user_information.clone(),
        unknown: Vec::new(),
    };
    assert!(!agreed(request, &answer, true).is_empty());
    answer
}

/// A message in one PDU for each part.
fn message(context_id: u8, command: &[u8], data_set: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (part, kind) in [(Some(command), 3), (data_set, 2)] {
        let Some(part) = part else { continue };
        bytes.extend([4, 0]);
        bytes.extend((part.len() as u32 + 6).to_be_bytes());
        bytes.extend((part.len() as u32 + 2).to_be_bytes());
        bytes.extend([context_id, kind]);
        bytes.extend(part);
    }
    bytes
}

fn associations(seeds: &Seeds<'_>) {
    let (plain, full) = (request().to_bytes().unwrap(), full_request().to_bytes().unwrap());
    let accepted = answer(&request()).to_bytes().unwrap();
    let rejected = Rejection::NO_REASON_BY_ACSE.to_bytes();
    let aborted = Abort::BY_USER.to_bytes();
    for (kind, name, body) in [
        (0, "plain", &plain[6..]),
        (0, "full", &full[6..]),
        (1, "accepted", &accepted[6..]),
        (2, "rejected", &rejected[6..]),
        (3, "aborted", &aborted[6..]),
        (4, "information", &full_request().user_information.to_bytes().unwrap()[..]),
    ] {
        seeds.put("pdu", name, &[&[kind], body]);
    }
    let data_set = instance(0).to_bytes(Encoding::ImplicitLittleEndian);
    let echo = EchoRq::new(1, 1);
    let store = StoreRq {
        context_id: 3,
        message_id: 2,
        affected_sop_class_uid: uid(CT),
        affected_sop_instance_uid: uid("1.2.3.0.0.0.0"),
        priority: Priority::MEDIUM,
        move_originator_ae_title: AeTitle::parse("MOVER").ok(),
        move_originator_message_id: Some(7),
    };
    let find = FindRq {
        context_id: 5,
        message_id: 3,
        affected_sop_class_uid: uid(FIND),
        priority: Priority::MEDIUM,
    };
    let get =
        GetRq { context_id: 5, message_id: 4, affected_sop_class_uid: uid(FIND), priority: Priority::MEDIUM };
    let action = NActionRq {
        context_id: 1,
        message_id: 5,
        requested_sop_class_uid: uid(COMMITMENT),
        requested_sop_instance_uid: uid("1.2.840.10008.1.20.1.1"),
        action_type_id: 1,
    };
    let report = NEventReportRq {
        context_id: 1,
        message_id: 6,
        affected_sop_class_uid: uid(COMMITMENT),
        affected_sop_instance_uid: uid("1.2.840.10008.1.20.1.1"),
        event_type_id: 1,
    };
    let cancel = dimse::CancelRq { context_id: 5, message_id: 3 };
    let mut moving = get.to_bytes(true);
    moving.extend([0, 0, 0, 6, 4, 0, 0, 0, b'D', b'E', b'S', b'T']);
    moving[28..30].copy_from_slice(&[0x21, 0]);
    for (name, command) in [
        ("echo", echo.to_bytes(false)),
        ("store", store.to_bytes(true)),
        ("find", find.to_bytes(true)),
        ("get", get.to_bytes(true)),
        ("move", moving),
        ("action", action.to_bytes(true)),
        ("report", report.to_bytes(true)),
        ("cancel", cancel.to_bytes(false)),
        ("found", find.respond(Outcome::new(Status::PENDING)).to_bytes(true)),
    ] {
        seeds.put("command", name, &[&command]);
    }
    let asked = [
        plain.clone(),
        message(1, &echo.to_bytes(false), None),
        message(3, &store.to_bytes(true), Some(&data_set)),
        message(5, &find.to_bytes(true), Some(&data_set)),
        message(5, &cancel.to_bytes(false), None),
        RELEASE_RQ.to_vec(),
    ]
    .concat();
    for how in [0, 1, 2, 7, 0x13] {
        seeds.put("acceptor", &format!("all-{how}"), &[&[how], &asked]);
    }
    seeds.put("acceptor", "full", &[&[0], &full, &aborted]);
    let mut fragments = plain;
    for (at, piece) in echo.to_bytes(false).chunks(10).enumerate() {
        fragments.extend([4, 0, 0, 0, 0, piece.len() as u8 + 6, 0, 0, 0, piece.len() as u8 + 2, 1]);
        fragments.push(if (at + 1) * 10 >= echo.to_bytes(false).len() { 3 } else { 1 });
        fragments.extend(piece);
    }
    seeds.put("acceptor", "fragments", &[&[0], &fragments, &RELEASE_RQ]);

    let echoed = message(1, &echo.respond(Status::SUCCESS).to_bytes(false), None);
    let stored = message(3, &store.respond(Status::SUCCESS).to_bytes(false), None);
    let found = message(5, &find.respond(Status::PENDING).to_bytes(true), Some(&data_set));
    let ended = message(5, &find.respond(Status::SUCCESS).to_bytes(false), None);
    for how in [0, 1, 2, 7] {
        let name = format!("all-{how}");
        seeds.put(
            "requestor",
            &name,
            &[&[how], &accepted, &echoed, &stored, &found, &found, &ended, &RELEASE_RP],
        );
    }
    let one = FindRq { message_id: 1, ..find };
    let found = message(5, &one.respond(Status::PENDING).to_bytes(true), Some(&data_set));
    let ended = message(5, &one.respond(Status::SUCCESS).to_bytes(false), None);
    seeds.put("requestor", "found", &[&[0x30], &accepted, &found, &ended, &RELEASE_RP]);
    seeds.put("requestor", "rejected", &[&[0], &rejected]);
    seeds.put("requestor", "aborted", &[&[0], &accepted, &aborted]);
}

/// A CT image without pixels.
fn instance(number: u32) -> Identifier {
    let mut data_set = Identifier::new();
    data_set.set(Tag(0x0008, 0x0005), Vr::CS, b"ISO_IR 192");
    for (tag, text) in [
        (Tag(0x0008, 0x0016), CT),
        (Tag(0x0008, 0x0018), &format!("1.2.3.0.0.0.{number}")),
        (Tag(0x0008, 0x0020), "20240101"),
        (Tag(0x0008, 0x0060), "CT"),
        (Tag(0x0010, 0x0010), "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        (Tag(0x0010, 0x0020), "P0"),
        (Tag(0x0020, 0x000D), "1.2.3.0.0"),
        (Tag(0x0020, 0x000E), "1.2.3.0.0.0"),
        (Tag(0x0020, 0x0013), "1"),
    ] {
        data_set.set(tag, dataset::vr_of(tag), text.as_bytes());
    }
    let mut code = Identifier::new();
    code.set(Tag(0x0008, 0x0100), Vr::SH, b"T-A0100 ");
    code.set(Tag(0x0008, 0x0102), Vr::SH, b"SRT ");
    data_set.set_items(Tag(0x0008, 0x2218), vec![code.clone(), code]);
    data_set
}

/// One element of each VR, then sequences in every form.
fn all_vrs(encoding: Encoding) -> Vec<u8> {
    let mut writer = DataSetWriter::new(encoding);
    for (at, vr) in Vr::ALL.iter().filter(|vr| **vr != Vr::SQ).enumerate() {
        writer.element(Tag(0x0009, 0x1000 + at as u16), *vr, &[b'1'; 8]);
    }
    let mut bytes = writer.into_bytes();
    let big = encoding == Encoding::ExplicitBigEndian;
    let word = |bytes: &mut Vec<u8>, word: u16| {
        bytes.extend(if big { word.to_be_bytes() } else { word.to_le_bytes() })
    };
    let mut head = |group, element, vr: Option<&[u8; 2]>, length: u32| {
        word(&mut bytes, group);
        word(&mut bytes, element);
        if let Some(vr) = vr.filter(|_| encoding != Encoding::ImplicitLittleEndian) {
            bytes.extend([vr[0], vr[1], 0, 0]);
        }
        bytes.extend(if big { length.to_be_bytes() } else { length.to_le_bytes() });
    };
    head(0x0040, 0x0275, Some(b"SQ"), u32::MAX);
    head(0xFFFE, 0xE000, None, u32::MAX);
    head(0x0040, 0xA730, Some(b"SQ"), 16);
    head(0xFFFE, 0xE000, None, 0);
    head(0xFFFE, 0xE000, None, 0);
    head(0xFFFE, 0xE00D, None, 0);
    head(0xFFFE, 0xE0DD, None, 0);
    head(0x0041, 0x1001, Some(b"UN"), u32::MAX);
    head(0xFFFE, 0xE0DD, None, 0);
    head(0x7FE0, 0x0010, Some(b"OB"), u32::MAX);
    head(0xFFFE, 0xE000, None, 0);
    head(0xFFFE, 0xE000, None, 0);
    head(0xFFFE, 0xE0DD, None, 0);
    bytes
}

fn data_sets(seeds: &Seeds<'_>) {
    for (at, encoding) in (0..).zip(ENCODINGS) {
        seeds.put("data_set", &format!("instance-{at}"), &[&[at + 3], &instance(0).to_bytes(encoding)]);
        seeds.put("data_set", &format!("all-{at}"), &[&[at], &all_vrs(encoding)]);
    }
    let deflated = Encoding::DeflatedExplicitLittleEndian;
    seeds.put("deflated", "instance", &[&instance(0).to_bytes(deflated)]);
    let mut long = DataSetWriter::new(deflated);
    long.element(Tag(0x0009, 0x1001), Vr::OB, &vec![0; 300_000]);
    seeds.put("deflated", "long", &[&long.into_bytes()]);

    let meta = FileMeta {
        media_storage_sop_class_uid: uid(CT),
        media_storage_sop_instance_uid: uid("1.2.3"),
        transfer_syntax_uid: uid("1.2.840.10008.1.2.1"),
        implementation_class_uid: uid("1.2.3.4"),
        implementation_version_name: "HOSTILE".to_owned(),
        source_ae_title: AeTitle::parse("CT1").ok(),
        sending_ae_title: AeTitle::parse("CT2").ok(),
        receiving_ae_title: AeTitle::parse("CT3").ok(),
    };
    let (meta, explicit) = (meta.to_bytes(), instance(0).to_bytes(Encoding::ExplicitLittleEndian));
    let group = Identifier::read(&meta[132..], Encoding::ExplicitLittleEndian).unwrap_or_default();
    seeds.put("file_meta", "whole", &[&meta, &explicit]);
    seeds.put("file_meta", "no-preamble", &[&meta[132..], &explicit]);
    seeds.put("file_meta", "no-meta", &[&meta[..132], &explicit]);
    seeds.put(
        "file_meta",
        "implicit",
        &[&meta[..132], &group.to_bytes(Encoding::ImplicitLittleEndian), &explicit],
    );
    for (at, encoding) in ENCODINGS.into_iter().enumerate() {
        seeds.put("file_meta", &format!("bare-{at}"), &[&instance(0).to_bytes(encoding)]);
    }
}

fn character_sets(seeds: &Seeds<'_>) {
    let texts = "Yamada^Tarou=山田^太郎=やまだ^たろう Müller\\Ĝoŭĝaŭ Люкceмбypг Διονυσιος שרון قباني นามสกุล ﾔﾏﾀﾞ 김희중 王小東 ¥‾";
    let mut terms: Vec<String> =
        vec!["\\ISO 2022 IR 87\\ISO 2022 IR 159".to_owned(), "ISO 2022 IR 13\\ISO 2022 IR 87".to_owned()];
    for set in dataset::character_set::supported() {
        terms.extend(set.term);
        terms.extend(set.extended_term.map(|term| format!("\\{term}")));
    }
    for (at, term) in terms.iter().enumerate() {
        let set = CharacterSet::from_value(term.as_bytes());
        let fitting: String =
            texts.chars().filter(|char| set.encode(&char.to_string(), Vr::PN).is_some()).collect();
        let encoded = set.encode(&fitting, Vr::PN).unwrap_or_default();
        seeds.put("character_set", &at.to_string(), &[term.as_bytes(), b"\n", &encoded]);
    }
}

fn queries(seeds: &Seeds<'_>) {
    let keys: [&[(Tag, &str)]; 7] = [
        &[(Tag(0x0008, 0x0052), "PATIENT"), (Tag(0x0010, 0x0010), "*d?e*"), (Tag(0x0010, 0x0020), "")],
        &[
            (Tag(0x0008, 0x0052), "STUDY"),
            (Tag(0x0008, 0x0020), "20240101-20240104"),
            (Tag(0x0008, 0x0030), "-12"),
        ],
        &[
            (Tag(0x0008, 0x0052), "STUDY"),
            (Tag(0x0008, 0x0061), "CT\\SR"),
            (Tag(0x0010, 0x0010), "山田*"),
            (Tag(0x0020, 0x000D), "1.2.3.0.0\\1.2.3.0.1"),
        ],
        &[(Tag(0x0008, 0x0052), "SERIES"), (Tag(0x0008, 0x0060), "CT"), (Tag(0x0020, 0x000D), "1.2.3.0.0")],
        &[
            (Tag(0x0008, 0x0052), "IMAGE"),
            (Tag(0x0020, 0x000D), "1.2.3.0.0"),
            (Tag(0x0020, 0x000E), "1.2.3.0.0.0"),
            (Tag(0x0008, 0x0018), "1.2.3.0.0.0.0\\1.2.3.0.0.0.1"),
            (Tag(0x0020, 0x0013), ""),
        ],
        &[(Tag(0x0008, 0x0052), "PATIENT"), (Tag(0x0010, 0x0020), "P1")],
        &[
            (Tag(0x0008, 0x0052), "STUDY"),
            (Tag(0x0008, 0x0050), "A*"),
            (Tag(0x0008, 0x1030), "*%_*"),
            (Tag(0x0009, 0x1001), "x"),
        ],
    ];
    for (number, keys) in keys.into_iter().enumerate() {
        for how in [0, 1, 4, 0x81] {
            let mut identifier = Identifier::new();
            identifier.set(Tag(0x0008, 0x0005), Vr::CS, b"ISO_IR 192");
            for (tag, text) in keys {
                identifier.set(*tag, dataset::vr_of(*tag), text.as_bytes());
            }
            let mut code = Identifier::new();
            code.set(Tag(0x0008, 0x0100), Vr::SH, b"");
            identifier.set_items(Tag(0x0008, 0x1032), vec![code]);
            let bytes = identifier.to_bytes(ENCODINGS[how as usize % 3]);
            seeds.put("query", &format!("{number}-{how}"), &[&[how], &bytes]);
        }
    }
}

fn settings(seeds: &Seeds<'_>) {
    let said = "preset = \"annex-f\"\ndata = \"/d\"\n[log]\nlevel = \"info\"\n[network]\nartim = \"30s\"\n[storage-scp]\nlisten = \"127.0.0.1:104\"\nallowed-addresses = [\"10.0.0.0/8\", \"::1\"]\n[[peer]]\nae-title = \"A\"\nhost = \"h\"\nport = 104\njpeg-quality = 90\n[[peer]]\nae-title = \"B\"\nhost = \"h\"\nport = 104\n";
    seeds.put("configuration", "said", &[said.as_bytes()]);
    seeds.put(
        "configuration",
        "set",
        &[b"\0storage-scp.associations=3\ndata=/x\npeer=[]\nlog.level=debug\n"],
    );
    // The whole print is longer than an input may be: one seed for each section.
    let printed = configuration::effective(&configuration::Sources::default()).unwrap().to_text();
    let lines: Vec<&str> =
        printed.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    for (at, section) in lines.split_inclusive(|line| line.starts_with('[')).enumerate() {
        seeds.put("configuration", &format!("section-{at}"), &[section.join("\n").as_bytes()]);
    }
}

/// One image in explicit VR: 8 by 8, of so many samples.
fn image(samples: u16) -> Vec<u8> {
    let mut writer = DataSetWriter::new(Encoding::ExplicitLittleEndian);
    writer.text(Tag(0x0008, 0x0005), Vr::CS, "ISO_IR 100");
    writer.text(Tag(0x0008, 0x0016), Vr::UI, "1.2.840.10008.5.1.4.1.1.6.1");
    writer.text(Tag(0x0008, 0x0018), Vr::UI, "1.2.3");
    writer.text(Tag(0x0010, 0x0010), Vr::PN, "Before^The");
    writer.u16(Tag(0x0028, 0x0002), samples);
    writer.text(Tag(0x0028, 0x0004), Vr::CS, if samples == 1 { "MONOCHROME1" } else { "RGB" });
    writer.u16(Tag(0x0028, 0x0006), 0);
    for (element, number) in [(0x10, 8), (0x11, 8), (0x100, 8), (0x101, 8), (0x102, 7), (0x103, 0)] {
        writer.u16(Tag(0x0028, element), number);
    }
    writer.element(Tag(0x7FE0, 0x0010), Vr::OW, &(0..64 * samples).map(|at| at as u8).collect::<Vec<_>>());
    writer.into_bytes()
}

/// The same, compressed by us.
fn compressed(image: &[u8]) -> Vec<u8> {
    let stored = Stored {
        sop_class_uid: uid("1.2.840.10008.5.1.4.1.1.6.1"),
        sop_instance_uid: uid("1.2.3"),
        transfer_syntax_uid: uid("1.2.840.10008.1.2.1"),
    };
    let rules = Rules { lossy: Lossy::Preferred, ..Rules::default() };
    let plans = Plan::for_destination(&stored, |_, syntax| *syntax == "1.2.840.10008.1.2.4.50", &rules, None);
    let Some(Plan::Convert(conversion)) = plans.into_iter().next() else { return Vec::new() };
    let owned = image.to_vec();
    let applied =
        conversion.apply(&move || Ok(Box::new(Cursor::new(owned.clone())) as Box<dyn Read>)).unwrap();
    let Applied::Converted(mut converted) = applied else { return Vec::new() };
    let mut bytes = Vec::new();
    converted.data_set.read_to_end(&mut bytes).unwrap();
    bytes
}

fn pictures(seeds: &Seeds<'_>) {
    for samples in [1, 3] {
        let (image, jpeg) = (image(samples), compressed(&image(samples)));
        for (held, bytes, name) in [(1, &image, "native"), (5, &jpeg, "jpeg")] {
            for wanted in [0, 1, 2, 4, 8, 0x34] {
                for taken in [0, 1, 2] {
                    let head = [held + taken * 14, wanted, (samples % 2) as u8];
                    seeds.put("conversion", &format!("{name}-{samples}-{wanted}-{taken}"), &[&head, bytes]);
                }
            }
        }
        seeds.put(
            "conversion",
            &format!("implicit-{samples}"),
            &[&[14, 0x30, 1], &all_vrs(Encoding::ImplicitLittleEndian)],
        );
        seeds.put(
            "conversion",
            &format!("big-{samples}"),
            &[&[16, 0x30, 1], &all_vrs(Encoding::ExplicitBigEndian)],
        );
        let frame =
            jpeg.windows(2).position(|two| two == [0xFF, 0xD8]).map(|at| &jpeg[at..]).unwrap_or_default();
        let head = |held: u8, wanted, interpretation| {
            [held + 14, wanted, 0, interpretation, 8, 8, samples as u8, 8, 8, 7, 0, 0, 1, 1, 4, 3]
        };
        let pixels: Vec<u8> = (0..64 * samples as u8).collect();
        for (name, held, frame) in
            [("native", 1, &pixels[..]), ("uncompressed", 4, &pixels[..]), ("jpeg", 5, frame)]
        {
            for wanted in [2, 4, 8] {
                for interpretation in [0, 1, 2, 3, 4, 5] {
                    let name = format!("{name}-{samples}-{wanted}-{interpretation}");
                    seeds.put("pixels", &name, &[&head(held, wanted, interpretation), frame]);
                }
            }
        }
        let mut rle = vec![samples as u8, 0, 0, 0];
        for segment in 0..15_u32 {
            let at = if segment < u32::from(samples) { 64 + segment * 2 } else { 0 };
            rle.extend(at.to_le_bytes());
        }
        rle.extend([0xC1, 7].repeat(samples.into()));
        seeds.put(
            "pixels",
            &format!("rle-{samples}"),
            &[&head(11, 0, if samples == 1 { 0 } else { 2 }), &rle],
        );
    }
}

fn recorders(seeds: &Seeds<'_>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.sqlite");
    drop(Catalog::open(&path, catalog::Access::ReadWrite).unwrap());
    let listener = UnixListener::bind(path.with_extension("recorder")).unwrap();
    type Say = fn(&mut Catalog);
    let all: [(&str, Say); 4] = [
        ("recall", |catalog| drop(catalog.recall("name"))),
        ("locate", |catalog| drop(catalog.locate(&Uid::known("1.2.3")))),
        ("remember", |catalog| drop(catalog.remember("name", "value"))),
        ("record", |catalog| drop(catalog.record(&hostile::row(1), &hostile::location(1)))),
    ];
    for (name, say) in all {
        let mut catalog = Catalog::open_beside_recorder(&path).unwrap();
        let (mut said, _) = listener.accept().unwrap();
        let hearing = std::thread::spawn(move || {
            let mut bytes = vec![0; 64 * 1024];
            let count = said.read(&mut bytes).unwrap();
            bytes.truncate(count);
            bytes
        });
        say(&mut catalog);
        let bytes = hearing.join().unwrap();
        seeds.put("recorder", name, &[&bytes]);
        seeds.put("recorder", &format!("{name}-twice"), &[&bytes, &bytes]);
    }
}

fn children(seeds: &Seeds<'_>) {
    seeds.put("child", "admit", &[b"A\x0bstorage-scp\x02CT\x03ISO"]);
    seeds.put("child", "done", &[b"D"]);
    seeds.put("child", "permit", &[b"P\x07\0\0\0\x0bstorage-scu"]);
    seeds.put("child", "back", &[b"B\x07\0\0\0"]);
    seeds.put("child", "activity", &[b"T\x0bC-STORE 118"]);
}

use std::borrow::Cow;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};

use vocabulary::Uid;

use super::place::{reach, socket_path};
use super::{Answered, Asked, Link, Recorder, message};
use crate::trial::{PATIENT_NAME, SOP_INSTANCE_UID, STUDY_INSTANCE_UID, location, row};
use crate::{Access, Catalog, CatalogError, Outcome, Place};

/// A recorder on a thread of its own.
struct Running {
    stop: UnixStream,
    thread: JoinHandle<()>,
}

impl Running {
    fn new(mut recorder: Recorder) -> Self {
        let (stop, stopped) = UnixStream::pair().unwrap();
        let thread = thread::spawn(move || recorder.run(stopped.as_fd()).unwrap());
        Self { stop, thread }
    }

    fn end(self) {
        drop(self.stop);
        self.thread.join().unwrap();
    }
}

fn file(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("catalog.sqlite")
}

fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap()
}

fn place(number: u32, sop: &str) -> Place {
    Place {
        day: location(number).day,
        study_instance_uid: uid("1.2.3.1"),
        series_instance_uid: uid("1.2.3.1.1"),
        sop_instance_uid: uid(sop),
        version: number,
    }
}

fn record(catalog: &mut Catalog, sop: &str, number: u32) -> Outcome {
    let row = row(&[(SOP_INSTANCE_UID, sop), (PATIENT_NAME, "Yamada^Tarou=山田^太郎")]);
    catalog.record(&row, &location(number)).unwrap().outcome().clone()
}

/// Whether this one asks the file itself.
fn has_opened(catalog: &Catalog) -> bool {
    catalog.locate(&uid("1.2.3.1.1.1")).unwrap();
    catalog.has_opened()
}

#[test]
fn what_is_recorded_by_the_recorder_is_found_by_all_and_without_opening_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Running::new(Recorder::open(&file(&folder)).unwrap());
    let mut catalog = Catalog::open_beside_recorder(&file(&folder)).unwrap();
    let directly = Catalog::open(&file(&folder), Access::ReadOnly).unwrap();
    assert_eq!(record(&mut catalog, "1.2.3.1.1.1", 1), Outcome::New);
    assert_eq!(directly.locate(&uid("1.2.3.1.1.1")).unwrap().len(), 1);
    assert_eq!(record(&mut catalog, "1.2.3.1.1.1", 1), Outcome::AlreadyRecorded);
    assert_eq!(record(&mut catalog, "1.2.3.1.1.1", 2), Outcome::NewVersion { current: true });
    assert_eq!(catalog.locate(&uid("1.2.3.1.1.1")).unwrap(), directly.locate(&uid("1.2.3.1.1.1")).unwrap());
    catalog.remember("name", "value").unwrap();
    assert_eq!(catalog.recall("name").unwrap().as_deref(), Some("value"));
    catalog.remove(&place(1, "1.2.3.1.1.1")).unwrap();
    assert_eq!(directly.locate(&uid("1.2.3.1.1.1")).unwrap().len(), 1);
    let error = catalog.remove(&place(9, "1.2.3.1.1.1")).unwrap_err();
    assert!(error.to_string().contains("does not hold version 9"), "{error}");
    assert_eq!(error.blame(), vocabulary::Blame::Unreachable);
    assert!(!has_opened(&catalog));
    recorder.end();
}

#[test]
fn an_answer_that_was_expected_is_that_of_the_moment_it_was_asked_for_and_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Running::new(Recorder::open(&file(&folder)).unwrap());
    let mut catalog = Catalog::open_beside_recorder(&file(&folder)).unwrap();
    record(&mut catalog, "1.2.3.1.1.1", 1);
    catalog.expect(&uid("1.2.3.1.1.1"));
    assert_eq!(catalog.locate(&uid("1.2.3.1.1.1")).unwrap().len(), 1);
    // Nobody comes for this one.
    catalog.expect(&uid("1.2.3.1.1.1"));
    assert_eq!(catalog.locate(&uid("1.2.3.1.1.2")).unwrap(), []);
    catalog.expect(&uid("1.2.3.1.1.1"));
    assert_eq!(record(&mut catalog, "1.2.3.1.1.2", 1), Outcome::New);
    assert_eq!(catalog.locate(&uid("1.2.3.1.1.2")).unwrap().len(), 1);
    assert!(!has_opened(&catalog));
    recorder.end();
}

#[test]
fn who_loses_the_recorder_goes_on_alone() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Running::new(Recorder::open(&file(&folder)).unwrap());
    let mut catalogs: Vec<_> =
        (0..5).map(|_| Catalog::open_beside_recorder(&file(&folder)).unwrap()).collect();
    let [one, two, three, four, five] = catalogs.as_mut_slice() else { unreachable!() };
    record(one, "1.2.3.1.1.1", 1);
    four.expect(&uid("1.2.3.1.1.1"));
    recorder.end();
    assert_eq!(record(one, "1.2.3.1.1.2", 1), Outcome::New);
    assert_eq!(two.locate(&uid("1.2.3.1.1.1")).unwrap().len(), 1);
    three.remember("name", "value").unwrap();
    assert_eq!(two.recall("name").unwrap().as_deref(), Some("value"));
    assert_eq!(four.locate(&uid("1.2.3.1.1.1")).unwrap().len(), 1);
    five.remove(&place(1, "1.2.3.1.1.1")).unwrap();
    assert_eq!(two.locate(&uid("1.2.3.1.1.1")).unwrap(), []);
}

#[test]
fn a_remove_that_was_done_before_the_recorder_was_lost_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let mut directly = Catalog::open(&file(&folder), Access::ReadWrite).unwrap();
    record(&mut directly, "1.2.3.1.1.1", 1);
    let listener = std::os::unix::net::UnixListener::bind(socket_path(&file(&folder))).unwrap();
    let lost = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 4]).unwrap();
        directly.remove(&place(1, "1.2.3.1.1.1")).unwrap();
    });
    let mut catalog = Catalog::open_beside_recorder(&file(&folder)).unwrap();
    catalog.remove(&place(1, "1.2.3.1.1.1")).unwrap();
    lost.join().unwrap();
    assert!(matches!(catalog.remove(&place(1, "1.2.3.1.1.1")), Err(CatalogError::NotHeld { .. })));
}

#[test]
fn who_finds_no_recorder_or_the_socket_of_a_dead_one_opens_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut catalog = Catalog::open_beside_recorder(&file(&folder)).unwrap();
    assert_eq!(record(&mut catalog, "1.2.3.1.1.1", 1), Outcome::New);
    drop(Recorder::open(&file(&folder)).unwrap());
    assert!(!socket_path(&file(&folder)).exists());
    drop(std::os::unix::net::UnixListener::bind(socket_path(&file(&folder))).unwrap());
    assert!(socket_path(&file(&folder)).exists());
    let catalog = Catalog::open_beside_recorder(&file(&folder)).unwrap();
    assert!(has_opened(&catalog));
    // The next recorder takes the dead one's place.
    let recorder = Running::new(Recorder::open(&file(&folder)).unwrap());
    assert!(!has_opened(&Catalog::open_beside_recorder(&file(&folder)).unwrap()));
    recorder.end();
}

#[test]
fn what_cannot_be_done_for_one_is_done_for_the_others_that_came_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::open(&file(&folder)).unwrap();
    let path = file(&folder);
    let callers: Vec<_> = (0..4)
        .map(|number| {
            let mut link = Link::reach(&path).unwrap();
            thread::spawn(move || {
                if number == 2 {
                    return link.ask(&Asked::Remove(Cow::Owned(place(1, "1.2.3.9")))).unwrap();
                }
                let row = row(&[(SOP_INSTANCE_UID, &format!("1.2.3.1.1.{number}"))]);
                link.ask(&Asked::Record(Cow::Owned(row), Cow::Owned(location(1)))).unwrap()
            })
        })
        .collect();
    let answered = |caller: JoinHandle<Answered>| match caller.join().unwrap() {
        Answered::Recorded(outcome) => format!("{outcome:?}"),
        Answered::Failed(failed) => failed.to_string(),
        other => format!("{other:?}"),
    };
    let (stop, stopped) = UnixStream::pair().unwrap();
    let recording = thread::spawn(move || recorder.run(stopped.as_fd()).unwrap());
    let answers: Vec<_> = callers.into_iter().map(answered).collect();
    assert_eq!(answers[..2], ["New", "New"]);
    assert!(answers[2].contains("does not hold"), "{}", answers[2]);
    assert_eq!(answers[3], "New");
    drop(stop);
    recording.join().unwrap();
}

#[test]
fn who_says_what_nobody_of_ours_says_is_let_go_and_the_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Running::new(Recorder::open(&file(&folder)).unwrap());
    let mut catalog = Catalog::open_beside_recorder(&file(&folder)).unwrap();
    let too_long = u32::try_from(message::MESSAGE_BYTES_MAX + 1).unwrap().to_le_bytes();
    let nonsense: [&[u8]; 3] = [&too_long, &[2, 0, 0, 0, 0xFF, 0xFF], &[0, 0, 0, 0]];
    for bytes in nonsense {
        let mut stream = UnixStream::connect(socket_path(&file(&folder))).unwrap();
        stream.write_all(bytes).unwrap();
        assert_eq!(stream.read(&mut [0; 16]).unwrap(), 0, "{bytes:?}");
        assert!(matches!(record(&mut catalog, "1.2.3.1.1.1", 1), Outcome::New | Outcome::AlreadyRecorded));
    }
    assert!(!has_opened(&catalog));
    recorder.end();
}

/// A child that is not itself any more could record a row that nobody could read: each further record of its instance
/// failed, as if the catalog were damaged.
#[test]
fn bug_104_a_row_that_contradicts_itself_is_not_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Running::new(Recorder::open(&file(&folder)).unwrap());
    let mut catalog = Catalog::open_beside_recorder(&file(&folder)).unwrap();
    let sound = row(&[(SOP_INSTANCE_UID, "1.2.3.1.1.1")]);
    let mut another_series = sound.clone();
    let columns = &mut another_series.series.columns;
    *columns = columns.iter().map(|column| column.replace("1.2.3.1.1", "1.2\u{1}3")).collect();
    let mut another_study = sound.clone();
    let columns = &mut another_study.study.columns;
    *columns = columns.iter().map(|column| column.replace("1.2.3.1", "1.2.3.2")).collect();
    let mut short = sound;
    let columns = &mut short.patient.columns;
    *columns = columns.iter().skip(1).collect();
    for row in [another_series, another_study, short] {
        let mut stream = UnixStream::connect(socket_path(&file(&folder))).unwrap();
        let asked = Asked::Record(Cow::Owned(row), Cow::Owned(location(1)));
        stream.write_all(&message::to_bytes(&asked).unwrap()).unwrap();
        assert_eq!(stream.read(&mut [0; 16]).unwrap(), 0, "{asked:?}");
    }
    assert_eq!(record(&mut catalog, "1.2.3.1.1.1", 2), Outcome::New);
    assert_eq!(catalog.locate(&uid("1.2.3.1.1.1")).unwrap().len(), 1);
    assert!(!has_opened(&catalog));
    recorder.end();
}

#[test]
fn a_message_in_pieces_is_one_message() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Running::new(Recorder::open(&file(&folder)).unwrap());
    let mut stream = UnixStream::connect(socket_path(&file(&folder))).unwrap();
    let bytes = message::to_bytes(&Asked::Recall("nothing".into())).unwrap();
    let mut catalog = Catalog::open_beside_recorder(&file(&folder)).unwrap();
    for (number, byte) in (1..).zip(&bytes) {
        stream.write_all(&[*byte]).unwrap();
        // Once this is answered, the byte before it has been seen.
        record(&mut catalog, "1.2.3.1.1.1", number);
    }
    let mut answer = Vec::new();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    stream.read_to_end(&mut answer).unwrap();
    assert!(matches!(message::read(answer.get(4..).unwrap()), Some(Answered::Recalled(None))));
    recorder.end();
}

#[test]
fn a_row_too_long_for_a_message_is_recorded_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Running::new(Recorder::open(&file(&folder)).unwrap());
    let mut catalog = Catalog::open_beside_recorder(&file(&folder)).unwrap();
    let mut row = row(&[(STUDY_INSTANCE_UID, "1.2.3.1")]);
    row.instance.further = vec![0; message::MESSAGE_BYTES_MAX];
    assert_eq!(*catalog.record(&row, &location(1)).unwrap().outcome(), Outcome::New);
    assert_eq!(catalog.locate(&uid("1.2.3.1.1.1")).unwrap().len(), 1);
    recorder.end();
}

#[test]
fn a_path_longer_than_a_socket_may_have_is_no_obstacle() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("d".repeat(120));
    std::fs::create_dir(&deep).unwrap();
    let path = deep.join("catalog.sqlite");
    let recorder = Running::new(Recorder::open(&path).unwrap());
    assert!(reach(&socket_path(&path), |socket| UnixStream::connect(socket)).is_ok());
    let mut catalog = Catalog::open_beside_recorder(&path).unwrap();
    assert_eq!(record(&mut catalog, "1.2.3.1.1.1", 1), Outcome::New);
    assert!(!has_opened(&catalog));
    recorder.end();
}

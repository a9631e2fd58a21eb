//! What a child says to the process that records, once a peer has taken it over.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread::JoinHandle;

use catalog::{Catalog, Recorder};
use vocabulary::Uid;

use crate::queries::{location, row};

/// Inputs after which it begins anew, so that its catalog stays small and a finding has few causes.
const INPUTS_MAX: u32 = 2_000;

/// A recorder on a thread of its own.
struct Running {
    folder: tempfile::TempDir,
    stop: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
    inputs: u32,
}

impl Running {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = Recorder::open(&folder.path().join("catalog.sqlite")).unwrap();
        let (stop, stopped) = UnixStream::pair().unwrap();
        let thread = std::thread::spawn(move || recorder.run(stopped.as_fd()).unwrap());
        Self { folder, stop: Some(stop), thread: Some(thread), inputs: 0 }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("catalog.recorder")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            assert!(thread.join().is_ok(), "the recorder goes on");
        }
    }
}

thread_local! {
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
}

/// Bytes on the recorder's socket. It takes them or closes the connection, and records for others all the same.
pub fn recorder(bytes: &[u8]) {
    RUNNING.with_borrow_mut(|slot| {
        if slot.as_ref().is_some_and(|running| running.inputs >= INPUTS_MAX) {
            *slot = None;
        }
        let running = slot.get_or_insert_with(Running::new);
        running.inputs += 1;
        let mut hostile = UnixStream::connect(running.socket()).expect("somebody listens");
        // Who is not listened to any more may find the connection closed.
        if hostile.write_all(bytes).is_ok() {
            hostile.shutdown(Shutdown::Write).ok();
        }
        let mut answered = Vec::new();
        hostile.read_to_end(&mut answered).ok();
        let path = running.folder.path().join("catalog.sqlite");
        let mut catalog = Catalog::open_beside_recorder(&path).expect("it is there for others");
        assert!(catalog.recall("nothing").is_ok());
        if running.inputs % 64 == 1 {
            let number = running.inputs % 32;
            drop(catalog.record(&row(number), &location(number)).expect("it records for others"));
            let uid = row(number).sop_instance_uid().clone();
            assert!(!catalog.locate(&uid).expect("it can be asked").is_empty());
            catalog.locate(&Uid::known("1.2.3")).expect("it can be asked");
        }
    });
}

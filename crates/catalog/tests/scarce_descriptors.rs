//! A recorder in a process that has no descriptor left. In a process of its own: the limit holds for all of it.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use catalog::Recorder;
use rustix::process::{Resource, Rlimit, setrlimit};

/// How often a thread has waited for something, as the kernel counts it. Reads what was opened before.
fn waits(status: &File) -> u64 {
    let mut text = [0; 8192];
    let length = status.read_at(&mut text, 0).unwrap();
    let text = std::str::from_utf8(text.get(..length).unwrap()).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
    line.trim().parse().unwrap()
}

#[test]
fn a_recorder_without_a_descriptor_waits_and_goes_on_when_it_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::open(&folder.path().join("catalog.sqlite")).unwrap();
    let socket = folder.path().join("catalog.recorder");
    let (stop, stopped) = UnixStream::pair().unwrap();
    let (tell, told) = channel();
    let recording = thread::spawn(move || {
        tell.send(rustix::thread::gettid().as_raw_nonzero()).unwrap();
        recorder.run(stopped.as_fd()).unwrap();
    });
    let status = format!("/proc/self/task/{}/status", told.recv().unwrap());
    let status = File::open(status).unwrap();
    setrlimit(Resource::Nofile, Rlimit { current: Some(40), maximum: Some(40) }).unwrap();

    // As many as can be opened; each takes a second descriptor on the other side, which is the same process.
    let callers: Vec<UnixStream> = std::iter::from_fn(|| UnixStream::connect(&socket).ok()).collect();
    assert!(callers.len() > 10);
    // Of one that goes round and round instead this number stays as it is.
    let before = waits(&status);
    let (_never, pause) = channel::<()>();
    for _ in 0..2_000 {
        if waits(&status) >= before + 5 {
            break;
        }
        assert!(pause.recv_timeout(Duration::from_millis(10)).is_err());
    }
    assert!(waits(&status) >= before + 5, "it does not wait");

    drop(callers);
    // Who talks nonsense is let go; before that he was let in.
    let mut caller = UnixStream::connect(&socket).unwrap();
    caller.write_all(&[0xff; 64]).unwrap();
    let mut rest = Vec::new();
    caller.read_to_end(&mut rest).unwrap_or_default();
    drop(stop);
    recording.join().unwrap();
}

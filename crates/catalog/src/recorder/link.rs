use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use vocabulary::Uid;

use super::message::{self, Answered, Asked, LENGTH_BYTES};
use super::place::{reach, socket_path};

/// How long an answer may take before the recorder counts as lost: twice as long as it may wait for the catalog.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// How long an answer may take that nothing has to be written for. While another program keeps the catalog locked, the recorder
/// waits for it, but whoever only asks can read the file himself.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);

/// The way of one process or thread to the recorder.
#[derive(Debug)]
pub(crate) struct Link {
    stream: UnixStream,
    /// What [`Asked::Locate`] was sent for and not yet answered.
    expected: Option<Uid>,
    /// Whether something was to be written, for which it is waited longer from then on.
    waits_longer: bool,
}

impl Link {
    /// Reaches the recorder of the catalog at `path`, if there is one.
    pub(crate) fn reach(path: &Path) -> io::Result<Self> {
        let stream = reach(&socket_path(path), |socket| UnixStream::connect(socket))?;
        stream.set_read_timeout(Some(LOOK_TIMEOUT))?;
        stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
        Ok(Self { stream, expected: None, waits_longer: false })
    }

    /// Asks where an instance lies, for [`Link::locate`] to have the answer at once.
    pub(crate) fn expect(&mut self, sop_instance_uid: &Uid) -> io::Result<()> {
        self.settle()?;
        self.send(&Asked::Locate(sop_instance_uid.clone()))?;
        self.expected = Some(sop_instance_uid.clone());
        Ok(())
    }

    /// The answer to [`Link::expect`], if it was asked for this instance.
    pub(crate) fn expected(&mut self, sop_instance_uid: &Uid) -> io::Result<Option<Answered>> {
        if self.expected.as_ref() != Some(sop_instance_uid) {
            return Ok(None);
        }
        self.expected = None;
        self.receive().map(Some)
    }

    /// Asks, and waits for the answer.
    pub(crate) fn ask(&mut self, asked: &Asked<'_>) -> io::Result<Answered> {
        self.settle()?;
        if !asked.only_reads() && !self.waits_longer {
            self.stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
            self.waits_longer = true;
        }
        self.send(asked)?;
        self.receive()
    }

    /// Takes the answer that nobody asked for any more.
    fn settle(&mut self) -> io::Result<()> {
        if self.expected.take().is_some() {
            self.receive()?;
        }
        Ok(())
    }

    fn send(&mut self, asked: &Asked<'_>) -> io::Result<()> {
        let bytes = message::to_bytes(asked).ok_or(io::ErrorKind::FileTooLarge)?;
        self.stream.write_all(&bytes)
    }

    fn receive(&mut self) -> io::Result<Answered> {
        let mut length = [0; LENGTH_BYTES];
        self.stream.read_exact(&mut length)?;
        let length = message::length(length).ok_or(io::ErrorKind::InvalidData)?;
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        message::read(&bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

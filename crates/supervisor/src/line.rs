//! The line between the supervisor and one who serves: whole messages, both ways.
//!
//! Two pipes that keep what is written apart (O_DIRECT), and not a socket: the ends go to the nursery in a message, and
//! while a socket is on such a way the kernel searches for sockets that nobody can reach any more, each time one is closed
//! anywhere. With many short associations that is more than once for each of them, and another process has to run for it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::pipe::PipeFlags;

use crate::message::MESSAGE_BYTES_MAX;

/// One end of a line. It never waits, unless it says so.
#[derive(Debug)]
pub(crate) struct End {
    from: OwnedFd,
    to: OwnedFd,
}

/// One message that arrived.
pub(crate) struct Message {
    bytes: [u8; MESSAGE_BYTES_MAX],
    length: usize,
}

impl Message {
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Both ends of a new line, neither of which an exec keeps.
pub(crate) fn line() -> Result<(End, End), Errno> {
    let flags = PipeFlags::CLOEXEC | PipeFlags::NONBLOCK | PipeFlags::DIRECT;
    let (from_one, to_other) = rustix::pipe::pipe_with(flags)?;
    let (from_other, to_one) = rustix::pipe::pipe_with(flags)?;
    Ok((End { from: from_one, to: to_one }, End { from: from_other, to: to_other }))
}

impl End {
    /// Of what it is read from and written to.
    pub(crate) fn new(from: OwnedFd, to: OwnedFd) -> Self {
        Self { from, to }
    }

    /// To be given to another process: what it is read from, and what it is written to.
    pub(crate) fn descriptors(&self) -> [BorrowedFd<'_>; 2] {
        [self.from.as_fd(), self.to.as_fd()]
    }

    /// The next message; none when the other end is closed.
    ///
    /// # Errors
    /// [`Errno::AGAIN`] when there is none yet.
    pub(crate) fn receive(&self) -> Result<Option<Message>, Errno> {
        let mut bytes = [0; MESSAGE_BYTES_MAX];
        let length = rustix::io::retry_on_intr(|| rustix::io::read(&self.from, &mut bytes))?;
        Ok((length > 0).then_some(Message { bytes, length }))
    }

    /// Sends one message.
    ///
    /// # Errors
    /// [`Errno::AGAIN`] when there is no room, [`Errno::PIPE`] when the other end is closed.
    pub(crate) fn send(&self, bytes: &[u8]) -> Result<(), Errno> {
        // What has so few bytes is written as a whole or not at all.
        rustix::io::retry_on_intr(|| rustix::io::write(&self.to, bytes)).map(drop)
    }

    /// Sends one message, and waits for room where there is none.
    ///
    /// # Errors
    /// [`Errno::PIPE`] when the other end is closed.
    pub(crate) fn send_patiently(&self, bytes: &[u8]) -> Result<(), Errno> {
        loop {
            match self.send(bytes) {
                Err(Errno::AGAIN) => {}
                sent => return sent,
            }
            let mut room = [PollFd::new(&self.to, PollFlags::OUT)];
            rustix::io::retry_on_intr(|| poll(&mut room, None))?;
        }
    }
}

impl AsFd for End {
    /// Readable when there is a message, or the other end is closed.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.from.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use rustix::io::Errno;

    use super::line;
    use crate::channel::wait_readable;

    #[test]
    fn messages_stay_apart_both_ways() {
        let (one, other) = line().unwrap();
        one.send(b"first").unwrap();
        one.send(b"second").unwrap();
        assert_eq!(other.receive().unwrap().unwrap().bytes(), b"first");
        other.send(b"answer").unwrap();
        assert_eq!(other.receive().unwrap().unwrap().bytes(), b"second");
        assert_eq!(one.receive().unwrap().unwrap().bytes(), b"answer");
        assert_eq!(one.receive().err(), Some(Errno::AGAIN));
    }

    #[test]
    fn the_end_is_heard_behind_the_last_message() {
        let (one, other) = line().unwrap();
        one.send(b"last").unwrap();
        drop(one);
        assert_eq!(other.receive().unwrap().unwrap().bytes(), b"last");
        assert!(other.receive().unwrap().is_none());
        assert_eq!(other.send(b"anybody?"), Err(Errno::PIPE));
    }

    #[test]
    fn who_is_patient_waits_for_room() {
        let (one, other) = line().unwrap();
        let mut sent = 0_u32;
        while one.send(&sent.to_le_bytes()).is_ok() {
            sent += 1;
        }
        assert_eq!(one.send(&[0; 4]), Err(Errno::AGAIN));
        std::thread::scope(|scope| {
            scope.spawn(|| one.send_patiently(&sent.to_le_bytes()).unwrap());
            for number in 0..=sent {
                assert!(wait_readable(other.as_fd(), None).unwrap());
                assert_eq!(other.receive().unwrap().unwrap().bytes(), number.to_le_bytes());
            }
        });
    }
}

use std::io::{self, Read, Write};
use std::os::fd::BorrowedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::message::{self, Answered, Asked, Failed, LENGTH_BYTES, MESSAGE_BYTES_MAX};
use super::place::{listen, socket_path};
use crate::catalog::{recall, remember};
use crate::limits::RECORDER_CALLERS_MAX;
use crate::writing::Writing;
use crate::{Access, Catalog, CatalogError, locate, record, remove};

/// How much is read from a caller at once, in bytes: a row and more.
const READ_BYTES: usize = 16 * 1024;

/// The process that records for others: the other end of [`Catalog::open_beside_recorder`].
#[derive(Debug)]
pub struct Recorder {
    catalog: Catalog,
    listener: UnixListener,
    socket: PathBuf,
    callers: Vec<Caller>,
}

/// When somebody is let in again after the system had no descriptor for him.
const LETS_IN_AGAIN: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// One for whom is recorded.
#[derive(Debug)]
struct Caller {
    stream: UnixStream,
    /// What has come of messages that are not complete.
    received: Vec<u8>,
    /// Whether he has gone, or said what nobody of ours says.
    over: bool,
}

/// A message, and which of the callers it is from.
struct Order {
    caller: usize,
    asked: Asked<'static>,
}

impl Recorder {
    /// Opens the catalog at `path`, and a socket beside it in the place of one that a recorder before has left.
    ///
    /// # Errors
    /// When the catalog or the socket cannot be opened.
    pub fn open(path: &Path) -> Result<Self, CatalogError> {
        let catalog = Catalog::open(path, Access::ReadWrite)?;
        let socket = socket_path(path);
        match listen(&socket) {
            Ok(listener) => Ok(Self { catalog, listener, socket, callers: Vec::new() }),
            Err(source) => Err(CatalogError::Open { path: socket, source }),
        }
    }

    /// Records for whoever comes, until `stop` can be read or its other end is closed.
    ///
    /// # Errors
    /// When the system refuses to wait. That the catalog cannot be written is told to those who ask.
    pub fn run(&mut self, stop: BorrowedFd<'_>) -> io::Result<()> {
        // Whether somebody waits who cannot be let in: he would end each wait at once.
        let mut is_short = false;
        loop {
            let mut waiting = vec![PollFd::from_borrowed_fd(stop, PollFlags::IN)];
            let for_whom = if is_short { PollFlags::empty() } else { PollFlags::IN };
            waiting.push(PollFd::new(&self.listener, for_whom));
            waiting.extend(self.callers.iter().map(|caller| PollFd::new(&caller.stream, PollFlags::IN)));
            match poll(&mut waiting, is_short.then_some(&LETS_IN_AGAIN)) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let ready: Vec<bool> = waiting.iter().map(|one| !one.revents().is_empty()).collect();
            let [is_to_stop, somebody_comes, callers @ ..] = ready.as_slice() else { return Ok(()) };
            if *is_to_stop {
                return Ok(());
            }
            let orders = self.take_orders(callers);
            self.carry_out(&orders);
            self.callers.retain(|caller| !caller.over);
            if *somebody_comes || is_short {
                is_short = !self.let_in();
            }
        }
    }

    /// Lets in who is waiting. False: somebody waits still, and the system has nothing to let him in by.
    fn let_in(&mut self) -> bool {
        loop {
            match self.listener.accept() {
                // Who is not let in hears of it by the end of his connection, and records himself.
                Ok((stream, _)) => {
                    if self.callers.len() < RECORDER_CALLERS_MAX && stream.set_nonblocking(true).is_ok() {
                        self.callers.push(Caller { stream, received: Vec::new(), over: false });
                    }
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => return true,
                    io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted => {}
                    _ => return false,
                },
            }
        }
    }

    /// Reads from those who have something to say.
    fn take_orders(&mut self, ready: &[bool]) -> Vec<Order> {
        let mut orders = Vec::new();
        for (at, (caller, _)) in
            self.callers.iter_mut().zip(ready).enumerate().filter(|(_, (_, ready))| **ready)
        {
            // What was asked by one who has gone is carried out: he may go on where nobody was to answer him.
            let is_there = caller.receive();
            let taken = caller.take_messages(&mut |asked| orders.push(Order { caller: at, asked }));
            caller.over = is_there.is_err() || taken.is_none();
        }
        orders
    }

    /// Does what was asked for, all that is to be written in one transaction, and answers.
    fn carry_out(&mut self, orders: &[Order]) {
        let (reads, writes): (Vec<_>, Vec<_>) = orders.iter().partition(|order| order.asked.only_reads());
        // Before the transaction: what it writes is not there until it is committed.
        for order in reads {
            let answered =
                self.catalog.connection().and_then(|connection| carry_out(connection, &order.asked));
            self.answer(order, answered);
        }
        if writes.is_empty() {
            return;
        }
        let together = self.catalog.write(|connection| {
            writes.iter().map(|order| carry_out(connection, &order.asked)).collect::<Result<Vec<_>, _>>()
        });
        match together {
            Ok(answers) => {
                for (order, answered) in writes.iter().zip(answers) {
                    self.answer(order, Ok(answered));
                }
            }
            // One of them cannot be: the others do not suffer for it.
            Err(_) => {
                for order in writes {
                    let alone = self.catalog.write(|connection| carry_out(connection, &order.asked));
                    self.answer(order, alone);
                }
            }
        }
    }

    fn answer(&mut self, order: &Order, answered: Result<Answered, CatalogError>) {
        let answered = answered.unwrap_or_else(|error| Answered::Failed(Failed::from(&error)));
        let Some(caller) = self.callers.get_mut(order.caller) else { return };
        // Who does not take his answer, or would get one that is too long, finds the connection closed and asks the
        // catalog himself.
        let sent = message::to_bytes(&answered).is_some_and(|bytes| caller.stream.write_all(&bytes).is_ok());
        caller.over |= !sent;
    }
}

impl Drop for Recorder {
    /// Nobody has to try a socket that nobody listens on.
    fn drop(&mut self) {
        std::fs::remove_file(&self.socket).ok();
    }
}

impl Caller {
    /// Takes what has come. An error: nothing will come any more.
    fn receive(&mut self) -> io::Result<()> {
        let mut bytes = [0; READ_BYTES];
        while self.received.len() <= LENGTH_BYTES + MESSAGE_BYTES_MAX {
            match self.stream.read(&mut bytes) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.received.extend_from_slice(bytes.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes the messages that are complete. `None`: what has come is none.
    fn take_messages(&mut self, each: &mut dyn FnMut(Asked<'static>)) -> Option<()> {
        let mut rest = self.received.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<LENGTH_BYTES>() {
            let Some((bytes, after)) = after.split_at_checked(message::length(*length)?) else { break };
            let asked: Asked<'static> = message::read(bytes)?;
            if matches!(&asked, Asked::Record(row, _) if !row.is_consistent()) {
                return None;
            }
            each(asked);
            rest = after;
        }
        let taken = self.received.len() - rest.len();
        self.received.drain(..taken);
        Some(())
    }
}

fn carry_out(connection: &Connection, asked: &Asked<'_>) -> Result<Answered, CatalogError> {
    Ok(match asked {
        Asked::Recall(name) => Answered::Recalled(recall(connection, name)?),
        Asked::Locate(sop_instance_uid) => Answered::Located(locate::locate(connection, sop_instance_uid)?),
        Asked::Remember(name, value) => {
            remember(connection, name, value)?;
            Answered::Done
        }
        Asked::Record(row, location) => {
            Answered::Recorded(record::record(connection, row, location, &mut Writing::AtOnce)?)
        }
        Asked::Remove(place) => {
            remove::remove(connection, place)?;
            Answered::Done
        }
    })
}

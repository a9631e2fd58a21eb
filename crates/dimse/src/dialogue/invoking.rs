use std::io;
use std::time::Duration;

use upper_layer::Transport;

use super::{Dialogue, Event, OVER};
use crate::ended::{Ended, Misbehaviour, SendFailed};
use crate::incoming::{Incoming, Kind, Response};
use crate::message::{Heading, Message};
use crate::{CommandField, EchoRq, EchoRsp, StoreRq, StoreRsp};

/// As the invoker of operations (SCU), and of the C-STORE sub-operations of a C-GET.
impl<T: Transport> Dialogue<T> {
    /// A Message ID for the next request: never the one of the request before.
    pub fn next_message_id(&mut self) -> u16 {
        self.last_message_id = self.last_message_id.checked_add(1).unwrap_or(1);
        self.last_message_id
    }

    /// Sends a request, or a [`CancelRq`](crate::CancelRq).
    ///
    /// # Errors
    /// When the dialogue is over, or our last request is not answered yet.
    pub fn send(&mut self, request: &impl Message, data_set: Option<&[u8]>) -> Result<(), Ended> {
        self.check()?;
        let heading = request.heading();
        self.invoke(heading)?;
        self.queue(request, heading, data_set)?;
        self.flush()
    }

    /// Sends an instance: the request, then `length` bytes from `source` as its data set, without holding more of it
    /// than a few PDUs.
    ///
    /// # Errors
    /// When the dialogue is over, our last request is not answered yet, or the source failed or ended early (the
    /// association was aborted then: a message cannot be taken back).
    pub fn store_from(
        &mut self,
        request: &StoreRq,
        source: &mut dyn io::Read,
        length: u64,
    ) -> Result<(), SendFailed> {
        self.check()?;
        self.invoke(request.heading())?;
        self.command.clear();
        request.write(true, &mut self.command);
        let association = self.association.as_mut().ok_or(OVER)?;
        association.send_from(request.context_id, &self.command, source, length).map_err(
            |failed| match failed {
                upper_layer::SendFailed::Ended(ended) => SendFailed::Ended(ended.into()),
                upper_layer::SendFailed::Source(error) => SendFailed::Source(error),
            },
        )
    }

    /// The next response to our request; waits `timeout` at most for it, or for the next C-CANCEL-RQ that comes in
    /// between. Ask [`Dialogue::cancel_requested`] whether one came for what is being carried out.
    ///
    /// # Errors
    /// When the dialogue is over, also because anything else came.
    pub fn await_response(&mut self, timeout: Option<Duration>) -> Result<Response, Ended> {
        self.drain_data_set()?;
        if self.invoked.is_none() {
            return Err(Ended::Misused("a response was awaited where nothing was asked"));
        }
        // What waits behind a held message cannot be told from its data set.
        match self.held.take() {
            None => {}
            Some(Incoming::Response(response)) => return Ok(response),
            Some(Incoming::Request(request)) => {
                return Err(self.broken(Misbehaviour::OperationOutstanding(request.heading().command_field)));
            }
            Some(Incoming::ReleaseRequested) => return Err(self.broken(Misbehaviour::ReleaseWithinOperation)),
        }
        loop {
            match self.receive(timeout)? {
                Event::Nothing => {}
                Event::ReleaseRequested => return Err(self.broken(Misbehaviour::ReleaseWithinOperation)),
                Event::Command(command) => match command.kind {
                    Kind::Response(response) => return self.expected(response),
                    Kind::Cancel(cancel) => self.note(cancel),
                    Kind::Request(request) => {
                        let field = request.heading().command_field;
                        return Err(self.broken(Misbehaviour::OperationOutstanding(field)));
                    }
                },
            }
        }
    }

    /// The response to the C-STORE-RQ that was sent last.
    ///
    /// # Errors
    /// As [`Dialogue::await_response`].
    pub fn await_store_response(&mut self, timeout: Option<Duration>) -> Result<StoreRsp, Ended> {
        match self.await_response(timeout)? {
            Response::Store(response) => Ok(response),
            _ => Err(Ended::Misused("a C-STORE-RSP was awaited where something else was asked")),
        }
    }

    /// C-ECHO: asks and waits for the answer.
    ///
    /// # Errors
    /// As [`Dialogue::await_response`].
    pub fn echo(&mut self, context_id: u8, timeout: Option<Duration>) -> Result<EchoRsp, Ended> {
        let request = EchoRq::new(context_id, self.next_message_id());
        self.send(&request, None)?;
        match self.await_response(timeout)? {
            Response::Echo(response) => Ok(response),
            _ => Err(Ended::Misused("a C-ECHO-RSP was awaited where something else was asked")),
        }
    }

    /// Notes what is asked now, since its response will be awaited.
    fn invoke(&mut self, heading: Heading) -> Result<(), Ended> {
        if heading.command_field == CommandField::C_CANCEL_RQ {
            return Ok(());
        }
        if heading.status.is_some() {
            return Err(Ended::Misused("a response was given as a request"));
        }
        if self.invoked.is_some() {
            return Err(Ended::Misused("a second request was sent before the first was answered"));
        }
        self.invoked = Some((heading.message_id, heading.command_field));
        Ok(())
    }
}

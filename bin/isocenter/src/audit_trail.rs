//! The audit trail, wired: who writes it, who passes it on, and what the commands put on it.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};
use std::time::SystemTime;

use audit::{Collector, Event, Forwarder, Keeper, TrailSettings, Transport, What};
use configuration::{Configuration, SyslogTransport};

use crate::commands::Failure;

/// How the trail is kept; `None`: it is not.
pub(crate) fn settings(configuration: &Configuration) -> Option<TrailSettings> {
    let of = &configuration.audit;
    let source = configuration.query_retrieve_scp.acceptor.ae_title.as_str();
    of.enabled.then(|| TrailSettings::of(&configuration.data, u64::from(of.file_size), source))
}

/// Puts on record what is done by nobody but this process.
///
/// # Errors
/// When that fails.
pub(crate) fn tell(configuration: &Configuration, what: What) -> Result<(), Failure> {
    if let Some(settings) = settings(configuration) {
        audit::tell(&settings, &Event::new(SystemTime::now(), what))?;
    }
    Ok(())
}

fn collector(configuration: &Configuration) -> Option<Collector> {
    let of = &configuration.audit;
    let transport = match (of.syslog_transport, &of.syslog_authorities) {
        (SyslogTransport::Tls, Some(path)) => Transport::Tls { authorities: path.clone() },
        // The configuration lets nothing through that is for TLS and has no authorities.
        (SyslogTransport::Tcp, _) | (SyslogTransport::Tls, None) => Transport::Tcp,
    };
    let host = of.syslog_host.clone()?;
    Some(Collector { host, port: u16::try_from(of.syslog_port).ok()?, transport })
}

/// A thread that works until it is told to stop.
pub(crate) struct Working {
    stop: UnixStream,
    thread: JoinHandle<()>,
}

impl Working {
    fn begin(
        name: &str,
        mut work: impl FnMut(UnixStream) -> std::io::Result<()> + Send + 'static,
    ) -> Result<Self, Failure> {
        let (stop, stopped) = UnixStream::pair()?;
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
            if let Err(error) = work(stopped) {
                tracing::error!("the audit trail is not kept or passed on from now on: {error}");
            }
        })?;
        Ok(Self { stop, thread })
    }

    /// Tells it to stop, and does not wait for it.
    pub(crate) fn stop(self) {
        drop(self.stop);
    }

    /// Ends when all that has come is done.
    pub(crate) fn end(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("a thread of the audit trail came to a bad end");
        }
    }
}

/// Who writes the trail; `None`: none is kept.
///
/// # Errors
/// When the system has no thread.
pub(crate) fn keep(configuration: &Configuration) -> Result<Option<Working>, Failure> {
    let Some(settings) = settings(configuration) else { return Ok(None) };
    match Keeper::open(settings) {
        Ok(mut keeper) => Working::begin("audit trail", move |stopped| keeper.run(stopped.as_fd())).map(Some),
        Err(error) => {
            tracing::error!("no audit trail is kept: {error}");
            Ok(None)
        }
    }
}

/// Who passes the trail on, not at work yet: what it needs of the disk elsewhere it has read. `None`: it is not passed on.
pub(crate) fn forwarder(configuration: &Configuration) -> Option<Forwarder> {
    let settings = settings(configuration)?;
    match Forwarder::new(collector(configuration)?, &settings.directory) {
        Ok(forwarder) => Some(forwarder),
        Err(error) => {
            tracing::error!("the audit trail is not passed on: {error}");
            None
        }
    }
}

/// Has the trail passed on.
///
/// # Errors
/// When the system has no thread.
pub(crate) fn pass_on(forwarder: Option<Forwarder>) -> Result<Option<Working>, Failure> {
    let begin =
        |mut forwarder: Forwarder| Working::begin("syslog", move |stopped| forwarder.run(stopped.as_fd()));
    forwarder.map(begin).transpose()
}

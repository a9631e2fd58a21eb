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

/// The threads that write the trail and pass it on.
pub(crate) struct Auditing {
    threads: Vec<(UnixStream, JoinHandle<()>)>,
}

impl Auditing {
    /// Begins, if a trail is kept.
    ///
    /// # Errors
    /// When the system has no thread.
    pub(crate) fn begin(configuration: &Configuration) -> Result<Self, Failure> {
        let mut auditing = Self { threads: Vec::new() };
        let Some(settings) = settings(configuration) else { return Ok(auditing) };
        let directory = settings.directory.clone();
        match Keeper::open(settings) {
            Ok(mut keeper) => auditing.run("audit trail", move |stopped| keeper.run(stopped.as_fd()))?,
            Err(error) => tracing::error!("no audit trail is kept: {error}"),
        }
        if let Some(collector) = collector(configuration) {
            match Forwarder::new(collector, &directory) {
                Ok(mut forwarder) => auditing.run("syslog", move |stopped| forwarder.run(stopped.as_fd()))?,
                Err(error) => tracing::error!("the audit trail is not passed on: {error}"),
            }
        }
        Ok(auditing)
    }

    fn run(
        &mut self,
        name: &str,
        mut work: impl FnMut(UnixStream) -> std::io::Result<()> + Send + 'static,
    ) -> Result<(), Failure> {
        let (stop, stopped) = UnixStream::pair()?;
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
            if let Err(error) = work(stopped) {
                tracing::error!("the audit trail is not kept or passed on from now on: {error}");
            }
        })?;
        self.threads.push((stop, thread));
        Ok(())
    }

    /// Ends them in the order in which they began: what was told is written, and what was written is passed on.
    pub(crate) fn end(self) {
        for (stop, thread) in self.threads {
            drop(stop);
            if thread.join().is_err() {
                tracing::error!("a thread of the audit trail came to a bad end");
            }
        }
    }
}

//! One association: a child that the nursery of `serve` forks, or a thread of `serve`.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use application_entity::{Caller, Channel, Overseer, Reception, TcpTransport};
use sandbox::Role;
use supervisor::{Connection, Control, Nursery};

use crate::commands::{Failure, sealed};
use crate::confinement;
use crate::connector::ByConnector;
use crate::logging;
use crate::overseer::Supervisor;
use crate::services::ArchiveServices;
use crate::wiring::{self, Wiring};

/// The nursery: gets everything ready that all associations need, and forks a child for each.
///
/// What is opened here every child would have in common with the others, and SQLite forbids to be carried over
/// a fork, so nothing is.
pub(crate) fn nursery() -> Result<(), Failure> {
    let nursery = Nursery::from_inherited()?;
    let configuration = sealed(nursery.settings())?;
    logging::init(configuration.log);
    let mut wiring = Wiring::new(&configuration)?;
    if confinement::is_wanted(&configuration) {
        wiring.query_retrieve_scp.export.scu.initiation.connecting =
            Arc::new(ByConnector::of(&configuration.data));
    }
    let listeners = wiring::listeners(&configuration);
    know_the_processor();
    make_room_for_spans();
    let serve = |connection: Connection, control: &mut Control| match serve_with(
        connection, control, &wiring, &listeners,
    ) {
        Ok(()) => 0,
        Err(Failure(words)) => {
            tracing::error!("an association could not be served: {words}");
            1
        }
    };
    nursery.raise(|| confinement::enclose(Role::Association, &configuration), serve)
}

/// What the processor can do is found out here once for all children: the instruction that tells is trapped in a virtual
/// machine, and an answer of some ten of them is a hundredth of a short association.
fn know_the_processor() {
    #[cfg(target_arch = "x86_64")]
    std::hint::black_box(std::arch::is_x86_feature_detected!("avx2"));
}

/// The first span of a process makes room for many: made here, all children have that room, which was a tenth of what a
/// short association costs.
fn make_room_for_spans() {
    tracing::error_span!("association").in_scope(|| {});
}

/// Serves one connection on the calling thread.
pub(crate) fn serve(connection: Connection, control: &mut Control) -> Result<(), Failure> {
    let ready = Ready::of(control.settings())?;
    serve_with(connection, control, &ready.wiring, &ready.listeners)
}

/// What all threads need that serve under the same settings: a new association comes every few hundred microseconds,
/// and the tables of what is offered take about as long to make.
struct Ready {
    settings: Vec<u8>,
    wiring: Wiring,
    listeners: Vec<SocketAddr>,
}

impl Ready {
    fn of(settings: &[u8]) -> Result<Arc<Self>, Failure> {
        static LAST: Mutex<Option<Arc<Ready>>> = Mutex::new(None);
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = last.as_ref().filter(|ready| ready.settings == settings) {
            return Ok(Arc::clone(ready));
        }
        let configuration = sealed(settings)?;
        let (wiring, listeners) = (Wiring::new(&configuration)?, wiring::listeners(&configuration));
        Ok(Arc::clone(last.insert(Arc::new(Self { settings: settings.to_vec(), wiring, listeners }))))
    }
}

fn serve_with(
    connection: Connection,
    control: &mut Control,
    wiring: &Wiring,
    listeners: &[SocketAddr],
) -> Result<(), Failure> {
    let Wiring { holdings, storage_scp, query_retrieve_scp, commitment, .. } = wiring;
    let mut services = ArchiveServices::new(holdings, storage_scp, query_retrieve_scp, commitment);
    let address = listeners
        .get(connection.listener)
        .ok_or_else(|| Failure("a connection came in where nobody listens".to_owned()))?;
    let entities = wiring.entities_at(*address);
    let reception =
        Reception { entities: &entities, acquaintances: &wiring.acquaintances, network: &wiring.network };
    let mut overseer =
        Supervisor { control, peer: connection.stream.try_clone()?.into(), witness: wiring.witness() };
    let transport = TcpTransport::new(connection.stream)?;
    let mut caller = Caller::at(connection.peer);
    let channel = if wiring.secure.is_at(*address) {
        let Some(listening) = &wiring.secure.listening else {
            return Err(Failure("no certificate came with the settings, which is a bug of ours".to_owned()));
        };
        let deadline = Instant::now().checked_add(wiring.network.timers.artim);
        match Channel::accept_secure(transport, listening, &mut caller, deadline) {
            Some(channel) => channel,
            None => {
                if let Some(witness) = overseer.witness() {
                    witness.caller("", "", &caller.address.ip().to_canonical().to_string());
                    witness.rejected("no TLS: the service log says why");
                }
                overseer.done();
                return Ok(());
            }
        }
    } else {
        Channel::Plain(transport)
    };
    application_entity::serve(channel, &caller, &reception, &mut overseer, &mut services);
    Ok(())
}
